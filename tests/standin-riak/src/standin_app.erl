%% The application: what runs while a node runs, and in which order.
-module(standin_app).
-behaviour(application).
-behaviour(supervisor).

-export([start/2, stop/1, init/1]).

start(_Type, _Args) ->
    standin_stats:create(),
    supervisor:start_link({local, standin_sup}, ?MODULE, []).

stop(_State) ->
    ok.

%% Nothing here is worth a restart: a part that dies takes the node down, as a supervisor above it would want to see.
init([]) ->
    Servers = [worker(standin_ring, []), worker(standin_store, []), worker(standin_peers, []), worker(standin_claimant, []),
               worker(standin_service, [])],
    {ok, {#{strategy => one_for_all, intensity => 0, period => 1}, Servers ++ listeners()}}.

listeners() ->
    {ok, HandoffIp} = application:get_env(riak_core, handoff_ip),
    {ok, HandoffPort} = application:get_env(riak_core, handoff_port),
    {ok, Manager} = application:get_env(riak_core, cluster_mgr),
    [listener(http, A) || A <- application:get_env(riak_api, http, [])]
        ++ [listener(pb, A) || A <- application:get_env(riak_api, pb, [])]
        ++ [listener(handoff, {HandoffIp, HandoffPort}), listener(cluster_mgr, Manager)].

listener(Service, Address) ->
    #{id => {Service, Address}, start => {standin_listener, start_link, [Service, Address]}}.

worker(Module, Args) ->
    #{id => Module, start => {Module, start_link, Args}}.
