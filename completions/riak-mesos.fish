# fish completion for the riak-mesos toolkit: a program tells its own words, and
# riak-mesos the names of clusters and nodes.
function __riak_mesos_words
    set -l tokens (commandline -opc)
    set -l commands
    for token in $tokens[2..-1]
        if not string match -q -- '-*' $token
            set -a commands $token
        end
    end
    $tokens --completion-words 2>/dev/null
    or $tokens[1] $commands --completion-words 2>/dev/null
    or $tokens[1] $commands[1] --completion-words 2>/dev/null
    or $tokens[1] --completion-words 2>/dev/null
end
for program in rm-mesos rm-state rm-status rm-cluster rm-offer rm-launch rm-schedd rm-executor rm-cepmd rm-riak rm-director rm-local rm-api riak-mesos
    complete -c $program -a '(__riak_mesos_words)'
end
