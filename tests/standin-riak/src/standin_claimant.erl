%% Brings about what has been committed, while this node is the claimant: moves, departures. Every step is taken only
%% once all members that are not marked as down have the ring it stands on.
-module(standin_claimant).
-behaviour(gen_server).

-export([start_link/0]).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2]).

-define(TICK, 100).

start_link() ->
    gen_server:start_link({local, ?MODULE}, ?MODULE, [], []).

init([]) ->
    erlang:send_after(?TICK, self(), tick),
    {ok, #{since => #{}}}.

handle_call(_, _, State) ->
    {reply, {error, unknown_call}, State}.

handle_cast(_, State) ->
    {noreply, State}.

handle_info(tick, State) ->
    New = case standin_ring:ring() of
              #{claimant := Me} = Ring when Me =:= node() -> drive(Ring, State);
              _ -> State#{since := #{}}
          end,
    erlang:send_after(?TICK, self(), tick),
    {noreply, New}.

drive(#{version := Version, changed := Changed, ready := Ready} = Ring, State) ->
    case Changed =:= Ready andalso not busy(Ring) of
        true ->
            State;
        false ->
            case all_have(Version, Ring) of
                true when Changed =/= Ready ->
                    ok = standin_ring:ready(Changed),
                    State;
                true ->
                    next(Ring, State);
                false ->
                    tell(Ring),
                    State
            end
    end.

busy(#{owners := Owners, next := Next, step := Step, members := Members}) ->
    Step =/= none orelse Owners =/= Next orelse lists:any(fun({_, S}) -> S =:= leaving orelse S =:= exiting end, Members).

all_have(Version, #{members := Members}) ->
    Nodes = [N || {N, S} <- Members, S =/= down],
    [] =:= [A || A <- erpc:multicall(Nodes, standin_ring, version, [], 2000), A =/= {ok, Version}].

tell(#{members := Members} = Ring) ->
    Nodes = [N || {N, _} <- Members, N =/= node(), lists:member(N, nodes())],
    _ = erpc:multicall(Nodes, standin_ring, offer, [maps:remove(tuples, Ring)], 3000),
    ok.

%% Steps: 1. moves under way are finished; 2. the next moves begin; 3. whoever owns nothing any more departs.
next(#{step := Step, version := Version, members := Members} = Ring, State) when Step =/= none ->
    Sources = [N || {N, S} <- Members, S =/= down],
    Answers = erpc:multicall(Sources, standin_handoff, step, [Version], 120000),
    case [A || A <- Answers, not is_tuple(A) orelse element(1, A) =/= ok orelse element(1, element(2, A)) =/= ok] of
        [] ->
            timer:sleep(standin_service:knob("STANDIN_HANDOFF_MS", 200)),
            change(Ring, end_step);
        Failed ->
            logger:warning("handoff: ~0p", [Failed])
    end,
    State;
next(#{owners := Owners, next := Next, size := Size} = Ring, State) when Owners =/= Next ->
    change(Ring, {begin_step, standin_claim:step(Owners, Next, max(1, Size div 4))}),
    State;
next(#{members := Members} = Ring, State) ->
    case [M || {_, S} = M <- lists:reverse(lists:keysort(2, Members)), S =:= leaving orelse S =:= exiting] of
        [Member | _] -> depart(Member, Ring, State);
        [] -> State
    end.

%% The claimant itself goes last in its office: another takes that over first.
depart({Node, _}, #{members := Members} = Ring, State) when Node =:= node() ->
    case lists:sort([N || {N, valid} <- Members, lists:member(N, nodes())]) of
        [Heir | _] -> change(Ring, {claimant, Heir});
        [] -> ok
    end,
    State;
depart({Node, leaving}, Ring, #{since := Since} = State) ->
    Now = erlang:monotonic_time(millisecond),
    First = maps:get(Node, Since, Now),
    case Now - First >= standin_service:knob("STANDIN_LEAVE_MS", 2000) andalso empty(Node) of
        true -> change(Ring, {exiting, Node});
        false -> ok
    end,
    State#{since := Since#{Node => First}};
depart({Node, exiting}, Ring, #{since := Since} = State) ->
    case empty(Node) of
        true -> change(Ring, {gone, Node});
        false -> ok
    end,
    State#{since := maps:remove(Node, Since)}.

empty(Node) ->
    try erpc:call(Node, standin_peers, is_settled, [], 2000) catch _:_ -> false end.

%% Lost when the ring has changed since: the next tick looks again.
change(#{version := Version}, Request) ->
    _ = standin_ring:change(node(), {at, Version, Request}),
    ok.
