# SPDX-License-Identifier: MIT
# Completion of postferry for bash.  Commands, verbs and options stand in what
# `postferry help` says, so that is what is read.

_postferry()
{
	local program=${COMP_WORDS[0]} command=${COMP_WORDS[1]}
	local word=${COMP_WORDS[COMP_CWORD]} words=

	if ((COMP_CWORD == 1)) ||
		{ ((COMP_CWORD == 2)) && [[ $command == help ]]; }; then
		words=$("$program" help 2>/dev/null |
			sed -n 's/^  \([a-z]\{1,\}\)  *.*/\1/p')
		((COMP_CWORD == 1)) && words+=' help --help --version'
	elif [[ $word == -* ]]; then
		words=$("$program" help "$command" 2>/dev/null |
			grep -oE -- '--[a-z]+(-[a-z]+)*')
	elif ((COMP_CWORD == 2)); then
		words=$("$program" help "$command" 2>/dev/null |
			sed -nE "s/^(usage:|  *) postferry $command ([a-z|]+)( .*|$)/\2/p" |
			tr '|' '\n')
	fi
	# shellcheck disable=SC2207 # they hold no spaces
	COMPREPLY=($(compgen -W "$words" -- "$word" | sort -u))
}

# where nothing is found, files
complete -o bashdefault -o default -F _postferry postferry
