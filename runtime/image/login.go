package image

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"

	"github.com/docker/cli/cli/config/configfile"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"neap/runtime/fault"
)

// hubKey is what Docker's config.json calls its own registry.
const hubKey = "https://index.docker.io/v1/"

// credentials are those that Docker's config.json at path has for the host,
// itself or in a helper. Without the file, or an entry, nobody logs in.
func credentials(path, host string) (authn.Authenticator, error) {
	if path == "" {
		return authn.Anonymous, nil
	}
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return authn.Anonymous, nil
	}
	if err != nil {
		return nil, fault.Wrap("read credentials", path, err)
	}
	defer f.Close()
	config := configfile.New(path)
	if err := config.LoadFromReader(io.LimitReader(f, 1<<20)); err != nil {
		// The cause may quote what the file holds: it is left out.
		return nil, &fault.Error{Kind: fault.Damaged, Op: "read credentials", Object: path, Message: "it is not Docker's config.json"}
	}
	key := host
	if host == hub {
		key = hubKey
	}
	found, err := config.GetAuthConfig(key)
	if err != nil {
		return nil, &fault.Error{Kind: fault.Failed, Op: "ask the credential helper for", Object: host, Cause: err}
	}
	return authn.FromConfig(authn.AuthConfig{
		Username: found.Username, Password: found.Password, Auth: found.Auth,
		IdentityToken: found.IdentityToken, RegistryToken: found.RegistryToken,
	}), nil
}

// dial logs in to the registry of a reference, and gives what requests travel by.
func (s *Images) dial(ctx context.Context, wire *wire, ref reference, scope string, insecure bool) (name.Repository, http.RoundTripper, error) {
	var opts []name.Option
	if insecure {
		opts = append(opts, name.Insecure)
	}
	repo, err := name.NewRepository(ref.host+"/"+ref.path, opts...)
	if err != nil {
		return repo, nil, err
	}
	wire.host = repo.RegistryStr()
	login, err := credentials(s.opt.Docker, ref.host)
	if err != nil {
		return repo, nil, err
	}
	ready, err := transport.NewWithContext(ctx, repo.Registry, login, wire, []string{repo.Scope(scope)})
	return repo, ready, err
}
