%% What /stats and `admin status` tell: the members that somebody reads, as numbers of this node, not all six hundred.
-module(standin_stats).

-export([create/0, count/1, all/0]).

-define(COUNTERS, [node_gets, node_puts, pbc_connects]).

create() ->
    persistent_term:put(?MODULE, counters:new(length(?COUNTERS), [])).

count(Name) ->
    counters:add(persistent_term:get(?MODULE), position(Name, ?COUNTERS, 1), 1).

position(Name, [Name | _], N) -> N;
position(Name, [_ | Rest], N) -> position(Name, Rest, N + 1).

total(Name) ->
    counters:get(persistent_term:get(?MODULE), position(Name, ?COUNTERS, 1)).

all() ->
    lists:sort(ring() ++ traffic() ++ times() ++ machine()) ++ [{disk, []} | versions()].

ring() ->
    Owners = standin_ring:owners(),
    Members = [N || {N, _} <- standin_ring:members()],
    Ownership = [{N, standin_ring:share(N, Owners)} || N <- lists:reverse(lists:sort(Members)), lists:member(N, Owners)],
    {ok, Backend} = application:get_env(riak_kv, storage_backend),
    [{nodename, node()}, {connected_nodes, nodes()}, {ring_members, Members},
     {ring_creation_size, application:get_env(riak_core, ring_creation_size, 64)},
     {ring_num_partitions, standin_ring:size()}, {ring_ownership, iolist_to_binary(io_lib:format("~0p", [Ownership]))},
     {storage_backend, Backend}, {handoff_timeouts, 0}, {rejected_handoffs, 0}, {rings_reconciled_total, 0},
     {riak_kv_vnodes_running, standin_ring:share(node(), Owners)}].

%% Without a minute's window the rates are honest zeros; the totals are true.
traffic() ->
    Gets = total(node_gets),
    Puts = total(node_puts),
    [{node_gets, 0}, {node_gets_total, Gets}, {node_puts, 0}, {node_puts_total, Puts},
     {vnode_gets, 0}, {vnode_gets_total, Gets}, {vnode_puts, 0}, {vnode_puts_total, Puts},
     {pbc_active, 0}, {pbc_connects, 0}, {pbc_connects_total, total(pbc_connects)},
     {node_get_fsm_active, 0}, {node_put_fsm_active, 0}, {node_get_fsm_errors_total, 0},
     {read_repairs, 0}, {read_repairs_total, 0}, {coord_redirs_total, 0}].

times() ->
    [{list_to_atom(Family ++ Suffix), 0}
     || Family <- ["node_get_fsm_time_", "node_put_fsm_time_", "node_get_fsm_objsize_", "node_get_fsm_siblings_"],
        Suffix <- ["mean", "median", "95", "99", "100"]].

machine() ->
    [{cpu_nprocs, 0}, {cpu_avg1, 0}, {cpu_avg5, 0}, {cpu_avg15, 0},
     {mem_total, erlang:memory(total)}, {mem_allocated, erlang:memory(total)},
     {memory_total, erlang:memory(total)}, {memory_processes, erlang:memory(processes)},
     {memory_system, erlang:memory(system)}, {memory_ets, erlang:memory(ets)}, {memory_binary, erlang:memory(binary)},
     {sys_otp_release, list_to_binary(erlang:system_info(otp_release))},
     {sys_process_count, erlang:system_info(process_count)}, {sys_wordsize, erlang:system_info(wordsize)}].

versions() ->
    [{V, <<"standin-3.2.3">>} || V <- [riak_kv_version, riak_core_version, riak_api_version]].
