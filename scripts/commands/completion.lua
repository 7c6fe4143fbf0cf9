-- neap completion: print what makes a shell complete neap's words: commands, options,
-- names of live objects, and the arguments that a script declares with args.
--
--   bash: source <(neap completion bash)          zsh: source <(neap completion zsh)
--   fish: neap completion fish | source
local cli = require "cli"

local _, words = cli.read[[
Usage:  neap completion SHELL

Print a completion script for bash, zsh or fish. For this session: source <(neap completion bash)
For good, put that line into ~/.bashrc or ~/.zshrc, or in fish:
  neap completion fish > ~/.config/fish/completions/neap.fish
]]

-- Each asks neap --complete with the words so far, which prints a word, a tab and what
-- it is on a line each, and :files where a path may stand.
local shells = {}

-- bash takes colons and equal signs for ends of words, neap does not.
shells.bash = [==[
_neap() {
  local line="${COMP_LINE:0:COMP_POINT}" words last found
  read -ra words <<< "$line"
  [[ "$line" == *[[:space:]] ]] && words+=("")
  last="${words[${#words[@]}-1]}"
  local before="${last%"${last##*[:=]}"}"
  COMPREPLY=()
  while IFS= read -r found; do
    if [[ "$found" == :files ]]; then
      compopt -o filenames 2>/dev/null
      while IFS= read -r found; do COMPREPLY+=("$found"); done < <(compgen -f -- "${last##*=}")
    else
      found="${found%%$'\t'*}"
      COMPREPLY+=("${found#"$before"}")
    fi
  done < <(neap --complete "${words[@]:1}" 2>/dev/null)
}
complete -F _neap neap
]==]

shells.zsh = [==[
#compdef neap
_neap() {
  local -a found
  local line files
  while IFS= read -r line; do
    if [[ $line == :files ]]; then
      files=1
    else
      found+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
    fi
  done < <(neap --complete "${(@)words[2,CURRENT-1]}" "$PREFIX" 2>/dev/null)
  (( $#found )) && _describe neap found
  [[ -n $files ]] && _files
}
compdef _neap neap
]==]

shells.fish = [==[
function __neap_complete
    set -l before (commandline -opc)
    set -l current (commandline -ct | string trim | string collect --allow-empty)
    for line in (neap --complete $before[2..] "$current" 2>/dev/null)
        if test "$line" = :files
            __fish_complete_path "$current"
        else
            echo $line
        end
    end
end
complete -c neap -f -a '(__neap_complete)'
]==]

local text = shells[words[1]]
if not text then cli.misused(("there is no completion for %q; there are bash, zsh and fish"):format(words[1])) end
io.write(text)
