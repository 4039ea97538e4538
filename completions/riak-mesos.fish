# fish completion for the riak-mesos toolkit: a program tells its own words.
function __riak_mesos_words
    set -l tokens (commandline -opc)
    set -l command
    for token in $tokens[2..-1]
        if not string match -q -- '-*' $token
            set command $token
            break
        end
    end
    $tokens[1] $command --completion-words 2>/dev/null
    or $tokens[1] --completion-words 2>/dev/null
end
for program in rm-mesos rm-state rm-status rm-cluster rm-offer rm-launch rm-schedd rm-executor rm-cepmd rm-riak rm-director rm-local rm-api
    complete -c $program -a '(__riak_mesos_words)'
end
