%% This node and the other members: finding them again, agreeing on the ring, and giving each what it missed.
%%
%% A peer that was away is owed: all of ours that it should keep is compared with what it has. Whatever is with us and
%% should be elsewhere, a stray, goes there. One worker at a time does both.
-module(standin_peers).
-behaviour(gen_server).

-export([start_link/0, owe/2, catch_up/0, owed/0, is_settled/0, waiting/0, unreachable/0]).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2, greet/1]).

-define(TICK, 300).
-define(GREETING, 3000).

start_link() ->
    gen_server:start_link({local, ?MODULE}, ?MODULE, [], []).

%% Node is told that Peer may have missed something.
owe(Node, Peer) ->
    gen_server:cast({?MODULE, Node}, {owe, [Peer]}).

%% Ask around for a newer ring.
catch_up() ->
    gen_server:cast(?MODULE, greet_all).

owed() ->
    gen_server:call(?MODULE, owed).

is_settled() ->
    gen_server:call(?MODULE, is_settled).

waiting() ->
    standin_handoff:waiting(owed()).

%% Members that should be up and are not.
unreachable() ->
    [N || {N, S} <- standin_ring:members(), S =/= down, N =/= node(), not lists:member(N, nodes())].

%% Before anything is served here the others have been asked what they know: our ring may be an old one.
init([]) ->
    ok = net_kernel:monitor_nodes(true),
    Others = standin_ring:others(),
    Started = [spawn_monitor(?MODULE, greet, [N]) || N <- Others],
    Deadline = erlang:start_timer(?GREETING, self(), greeting),
    await(Started, Deadline),
    erlang:send_after(?TICK, self(), tick),
    {ok, #{owed => fresh(Others), strays => true, worker => none, greeting => #{}, seen => seen()}}.

await([], Timer) ->
    _ = erlang:cancel_timer(Timer),
    ok;
await(Started, Timer) ->
    receive
        {'DOWN', Ref, process, Pid, _} -> await(Started -- [{Pid, Ref}], Timer);
        {timeout, Timer, greeting} -> ok
    end.

fresh(Nodes) ->
    maps:from_list([{N, make_ref()} || N <- Nodes]).

%% Connect, and leave both sides with the newer ring; the other side owes us what we missed.
greet(Node) ->
    case net_kernel:connect_node(Node) of
        true ->
            Theirs = gen_server:call({standin_ring, Node}, {offer, plain(standin_ring:ring())}, ?GREETING),
            _ = is_map(Theirs) andalso standin_ring:offer(Theirs),
            case lists:member(Node, standin_ring:others()) of
                true -> owe(Node, node());
                false -> ok
            end;
        _ ->
            ok
    end.

plain(Ring) ->
    maps:remove(tuples, Ring).

handle_call(owed, _, State) ->
    {reply, to_reach(State), State};
handle_call(is_settled, _, State) ->
    {reply, settled(State), State}.

handle_cast({owe, Peers}, #{owed := Owed} = State) ->
    {noreply, State#{owed := maps:merge(Owed, fresh(Peers))}};
handle_cast(ring_changed, State) ->
    {noreply, noticed(State#{strays := true})};
handle_cast(greet_all, State) ->
    {noreply, greeted(nodes(), State)}.

handle_info({nodeup, Node}, #{owed := Owed} = State) ->
    case lists:member(Node, standin_ring:others()) of
        true -> {noreply, greeted([Node], State#{owed := maps:merge(Owed, fresh([Node]))})};
        false -> {noreply, State}
    end;
handle_info({'DOWN', _, process, Pid, Result}, #{worker := {Pid, Owed, Version}} = State) ->
    {noreply, worked(Result, Owed, Version, State#{worker := none})};
handle_info({'DOWN', _, process, Pid, _}, #{greeting := Greeting} = State) ->
    {noreply, State#{greeting := maps:filter(fun(_, P) -> P =/= Pid end, Greeting)}};
handle_info(tick, State) ->
    erlang:send_after(?TICK, self(), tick),
    Missing = [N || N <- standin_ring:others(), not lists:member(N, nodes())],
    Some = case [N || N <- standin_ring:others(), lists:member(N, nodes())] of
               [] -> [];
               Up -> [lists:nth(rand:uniform(length(Up)), Up)]
           end,
    {noreply, report(work(compared(Some, greeted(Missing, State))))};
handle_info(_, State) ->
    {noreply, State}.

greeted(Nodes, #{greeting := Greeting} = State) ->
    New = [{N, element(1, spawn_monitor(?MODULE, greet, [N]))} || N <- Nodes, not is_map_key(N, Greeting)],
    State#{greeting := maps:merge(Greeting, maps:from_list(New))}.

%% News that were lost on their way: now and then the versions are compared with somebody's.
compared(Nodes, State) ->
    Version = standin_ring:version(),
    [spawn(fun() ->
                   case erpc:call(N, standin_ring, epoch, [], ?GREETING) of
                       {_, Version} -> ok;
                       _ -> catch_up()
                   end
           end) || N <- Nodes],
    State.

seen() ->
    element(1, maps:get(unsettled, standin_ring:ring())).

%% A new change by force: everybody may lack anything.
noticed(#{seen := Seen, owed := Owed} = State) ->
    Others = standin_ring:others(),
    Kept = maps:with(Others, Owed),
    case seen() of
        Seen -> State#{owed := Kept};
        New -> State#{seen := New, owed := fresh(Others)}
    end.

to_reach(#{owed := Owed}) ->
    [N || N <- maps:keys(Owed), lists:member(N, nodes())].

settled(#{owed := Owed, strays := Strays, worker := Worker}) ->
    Down = [N || {N, down} <- standin_ring:members()],
    maps:keys(Owed) -- Down =:= [] andalso not Strays andalso Worker =:= none.

work(#{worker := none, owed := Owed, strays := Strays} = State) ->
    case {to_reach(State), Strays} of
        {[], false} ->
            State;
        {Peers, _} ->
            {Pid, _} = spawn_monitor(fun() ->
                                             Done = [P || P <- Peers, pushed(P)],
                                             exit({worked, Done, Strays andalso standin_handoff:strays()})
                                     end),
            State#{worker := {Pid, Owed, standin_ring:version()}}
    end;
work(State) ->
    State.

pushed(Peer) ->
    case standin_handoff:push(Peer) of
        {ok, _} -> true;
        {error, _} -> false
    end.

%% Who was owed again meanwhile still is.
worked({worked, Done, Strays}, Before, Version, #{owed := Owed} = State) ->
    Paid = [N || N <- Done, maps:get(N, Owed, none) =:= maps:get(N, Before, gone)],
    Left = case {Strays, standin_ring:version()} of
               {ok, Version} -> false;
               _ -> maps:get(strays, State)
           end,
    State#{owed := maps:without(Paid, Owed), strays := Left};
worked(_, _, _, State) ->
    State.

%% The claimant hears that we are back, or have passed on all.
report(State) ->
    #{unsettled := {Id, Nodes}, members := Members} = standin_ring:ring(),
    Requests = [{up, node()} || lists:member({node(), down}, Members)]
        ++ [{settled, node(), Id} || lists:member(node(), Nodes), settled(State)],
    [spawn(fun() -> catch standin_ring:change(R) end) || R <- Requests],
    State.
