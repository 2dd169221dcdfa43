/** The shells there is completion for. */
export const shells = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof shells)[number];

/*
 * Each script asks the very program that is being typed, so a clone that is started as ./rackwright completes too.
 * What was typed goes there as it is, and what comes back is never evaluated.
 */

const bash = String.raw`# bash completion for rackwright
_rackwright() {
  local program=\${COMP_WORDS[0]/#\~\//$HOME/} words=() joined="" word line i
  for ((i = 1; i <= COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    # Bash takes words apart at = and : which are parts of a word here.
    if [[ \${#words[@]} -gt 0 && ($word == [=:]* || -n $joined) ]]; then
      words[\${#words[@]}-1]+=$word
    else
      words+=("$word")
    fi
    joined=""
    if [[ $word == [=:]* ]]; then joined=yes; fi
  done
  local last=\${words[\${#words[@]}-1]} prefix
  # What bash replaces begins after the last = or : of the word.
  if [[ $word == [=:]* ]]; then prefix=$last; else prefix=\${last%"$word"}; fi
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == :files ]]; then
      compopt -o default -o bashdefault 2>/dev/null
      COMPREPLY=()
      return
    fi
    line=\${line%%$'\t'*}
    COMPREPLY+=("\${line#"$prefix"}")
  done < <("$program" completion suggest -- "\${words[@]}" 2>/dev/null)
}
complete -F _rackwright rackwright
`.replaceAll("\\$", "$");

const zsh = String.raw`#compdef rackwright
# zsh completion for rackwright
_rackwright() {
  local program=\${words[1]/#\~\//$HOME/} line value
  local -a found
  for line in "\${(@f)$("$program" completion suggest -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    [[ -n $line ]] || continue
    if [[ $line == :files ]]; then
      _files
      return
    fi
    value=\${line%%$'\t'*}
    found+=("\${value//:/\\:}:\${line#*$'\t'}")
  done
  (( \${#found} )) && _describe rackwright found
}
if [[ \${funcstack[1]} == _rackwright ]]; then
  _rackwright "$@"
else
  (( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
  compdef _rackwright rackwright
fi
`.replaceAll("\\$", "$");

const fish = String.raw`# fish completion for rackwright
function __rackwright_suggest
  set -l words (commandline -opc)
  set -l typed (commandline -ct)
  set -l program (string replace -r '^~/' "$HOME/" -- $words[1])
  for line in ($program completion suggest -- $words[2..-1] "$typed" 2>/dev/null)
    if test "$line" = :files
      __fish_complete_path "$typed"
    else
      echo $line
    end
  end
end
complete -c rackwright -f -a '(__rackwright_suggest)'
`;

/** The script a shell reads to complete `rackwright`. */
export function completionScript(shell: Shell): string {
  return { bash, zsh, fish }[shell];
}
