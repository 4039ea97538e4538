%% Which of the node's services are up, in the order the real one brings them up: HTTP routes first, riak_kv last.
-module(standin_service).
-behaviour(gen_server).

-export([start_link/0, routed/0, is_up/1, services/0, services/1, knob/2]).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2]).

start_link() ->
    gen_server:start_link({local, ?MODULE}, ?MODULE, [], []).

routed() ->
    persistent_term:get({?MODULE, routed}, false).

is_up(Service) ->
    lists:member(Service, services()).

services() ->
    persistent_term:get(?MODULE, []).

services(Node) when Node =:= node() -> services();
services(Node) ->
    try erpc:call(Node, ?MODULE, services, [], 5000) catch _:_ -> [] end.

init([]) ->
    persistent_term:put(?MODULE, [riak_pipe]),
    erlang:send_after(knob("STANDIN_PING_MS", 100), self(), routes),
    {ok, none}.

handle_call(_, _, State) ->
    {reply, {error, unknown_call}, State}.

handle_cast(_, State) ->
    {noreply, State}.

handle_info(routes, State) ->
    persistent_term:put({?MODULE, routed}, true),
    case os:getenv("STANDIN_FAIL", "") of
        "hang" -> ok;
        _ -> erlang:send_after(knob("STANDIN_READY_MS", 1500), self(), ready)
    end,
    {noreply, State};
handle_info(ready, State) ->
    persistent_term:put(?MODULE, [riak_kv, riak_pipe, riak_repl]),
    logger:notice("riak_kv is up"),
    case os:getenv("STANDIN_FAIL", "") of
        "quit" -> init:stop();
        _ -> ok
    end,
    {noreply, State}.

knob(Name, Default) ->
    list_to_integer(os:getenv(Name, integer_to_list(Default))).
