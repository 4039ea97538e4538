%% The ring: who is a member, who owns which partition, which bucket types there are. Kept under ring_state_dir.
%%
%% One writer (this server), many readers (a persistent term). Changes are made by the claimant's server alone, each with
%% a greater version, on the disk before anybody hears of it; all others take a ring that is newer than theirs.
%%   owners   who owns each partition now
%%   next     who will, once handoff is done
%%   step     none, or the owners after the moves that are under way: writes go to both
%%   staged   changes not yet committed
%%   changed  version of the last change of members or owners; ready: the last such that all members have seen
%%   unsettled  {Id, Nodes}: after a change by force, who has yet to pass on what it holds
-module(standin_ring).
-behaviour(gen_server).

-export([start_link/0, ring/0, size/0, members/0, owners/0, share/2, index/2, partition/1, preflist/2, type/1]).
-export([epoch/0, version/0, replicas/2, places/2, others/0, ask/1, ask/2, change/1, change/2, offer/1, adopt/1, ready/1]).
-export([init/1, handle_call/3, handle_cast/2]).

-define(SPREAD, 3000).

start_link() ->
    gen_server:start_link({local, ?MODULE}, ?MODULE, [], []).

ring() ->
    persistent_term:get(?MODULE).

size() ->
    maps:get(size, ring()).

members() ->
    maps:get(members, ring()).

others() ->
    [N || {N, _} <- members(), N =/= node()].

%% The owner of each partition, by number.
owners() ->
    maps:get(owners, ring()).

version() ->
    maps:get(version, ring()).

%% What a request must agree with to be taken by a store.
epoch() ->
    epoch(ring()).

epoch(#{cluster := Cluster, version := Version}) ->
    {Cluster, Version}.

%% How many partitions a node owns, as owner or, once changes are pending, afterwards.
share(Node, Owners) ->
    length([N || N <- Owners, N =:= Node]).

%% Where a partition begins on the circle.
index(Partition, Size) ->
    Partition * ((1 bsl 160) div Size).

%% Riak hashes the bucket alone when its type is the default one.
partition({{<<"default">>, Bucket}, Key}) ->
    partition_of({Bucket, Key});
partition({TypedBucket, Key}) ->
    partition_of({TypedBucket, Key}).

partition_of(Term) ->
    <<Hash:160>> = standin_sha:hash(term_to_binary(Term)),
    Size = ?MODULE:size(),
    (Hash div ((1 bsl 160) div Size) + 1) rem Size.

preflist(Where, N) ->
    First = partition(Where),
    Owners = list_to_tuple(owners()),
    Size = tuple_size(Owners),
    [{P, element(P + 1, Owners)} || I <- lists:seq(0, N - 1), P <- [(First + I) rem Size]].

%% Who keeps the objects of a type whose first partition this is: now, and after the moves under way.
replicas(Partition, Type) ->
    #{tuples := {Now, Then}} = ring(),
    N = n_val(Type),
    {standin_claim:replicas(Partition, N, Now), standin_claim:replicas(Partition, N, Then)}.

places(Partition, Type) ->
    {Now, Then} = replicas(Partition, Type),
    lists:usort(Now ++ Then).

n_val(Type) ->
    case standin_types:find(Type, maps:get(types, ring())) of
        {ok, _, Props} -> proplists:get_value(n_val, Props);
        unknown -> 3
    end.

%% {ok, Props} of a type that is active.
type(Type) ->
    case standin_types:find(Type, maps:get(types, ring())) of
        {ok, active, Props} -> {ok, Props};
        _ -> unknown
    end.

%% Ask the claimant, whoever it is.
change(Request) ->
    change(maps:get(claimant, ring()), Request).

%% `exit` with {nodedown, Node} and the like is the caller's.
change(Node, Request) ->
    gen_server:call({?MODULE, Node}, {change, Request}, 20000).

ask(Question) ->
    ask(maps:get(claimant, ring()), Question).

ask(Node, Question) ->
    gen_server:call({?MODULE, Node}, Question, 20000).

%% Take this ring if it is newer; the answer is the ring that holds here now, or `removed`.
offer(Ring) ->
    gen_server:call(?MODULE, {offer, Ring}, ?SPREAD).

%% Take the ring of another cluster, given up our own.
adopt(Ring) ->
    gen_server:call(?MODULE, {adopt, Ring}).

ready(Version) ->
    gen_server:call(?MODULE, {ready, Version}).

init([]) ->
    {ok, Dir} = application:get_env(riak_core, ring_state_dir),
    Path = filename:join(Dir, "standin_ring.default"),
    case load(Path) of
        {ok, #{members := Members} = Ring} ->
            case lists:keymember(node(), 1, Members) of
                true -> {ok, publish(Ring, #{path => Path, planned => none})};
                false -> {stop, {refused, foreign(Path, Members)}}
            end;
        none ->
            ok = filelib:ensure_dir(Path),
            {ok, keep(fresh(), #{path => Path, planned => none})};
        {error, Why} ->
            {stop, {refused, io_lib:format("cannot read ~ts: ~p", [Path, Why])}}
    end.

foreign(Path, Members) ->
    io_lib:format("~s is not a member of the ring in ~ts, its members are ~p", [node(), Path, [N || {N, _} <- Members]]).

publish(#{owners := Owners, step := Step} = Ring, State) ->
    Then = case Step of none -> Owners; _ -> Step end,
    persistent_term:put(?MODULE, Ring#{tuples => {list_to_tuple(Owners), list_to_tuple(Then)}}),
    State#{ring => Ring}.

load(Path) ->
    case file:read_file(Path) of
        {ok, Bytes} ->
            try {ok, binary_to_term(Bytes)} catch error:badarg -> {error, broken} end;
        {error, enoent} ->
            none;
        Error ->
            Error
    end.

fresh() ->
    {ok, Size} = application:get_env(riak_core, ring_creation_size),
    Owners = lists:duplicate(Size, node()),
    Version = {1, 0, node()},
    #{cluster => {node(), os:system_time(), rand:uniform(1 bsl 64)}, version => Version, size => Size, claimant => node(),
      members => [{node(), valid}], owners => Owners, next => Owners, step => none, staged => [], types => [],
      changed => Version, ready => Version, unsettled => {none, []}}.

%% On the disk first; then the store refuses whoever acts on an older one; then all here act on it.
keep(Ring, #{path := Path} = State) ->
    ok = standin_disk:replace(Path, term_to_binary(Ring)),
    case whereis(standin_store) of
        undefined -> ok;
        _ -> ok = standin_store:epoch(epoch(Ring))
    end,
    Kept = publish(Ring, State),
    gen_server:cast(standin_peers, ring_changed),
    Kept.

handle_call(_, _, #{gone := true} = State) ->
    {reply, removed, State};
handle_call({change, Request}, From, #{ring := #{claimant := Claimant} = Ring} = State) ->
    Takes = Claimant =:= node() orelse takes_over(Request, Ring),
    case Takes andalso made(Request, State) of
        false -> {reply, {error, {not_claimant, Claimant}}, State};
        {ok, Same} when Same =:= Ring -> {reply, {ok, Ring}, State};
        {ok, New} ->
            told(From, keep(versioned(New, Ring), State));
        {layout, New} ->
            Next = versioned(New, Ring),
            told(From, keep(Next#{changed := maps:get(version, Next)}, planned(Request, State)));
        Error ->
            {reply, Error, State}
    end;
handle_call({offer, Ring}, _, State) ->
    offered(Ring, State);
handle_call({adopt, Ring}, _, State) ->
    {reply, ok, keep(Ring, State)};
handle_call({ready, Version}, _, #{ring := #{changed := Version, ready := Old} = Ring} = State) when Old =/= Version ->
    {reply, ok, keep(Ring#{ready := Version}, State)};
handle_call({ready, _}, _, State) ->
    {reply, ok, State};
handle_call(plan, _, #{ring := #{changed := Changed, ready := Ready} = Ring} = State) ->
    case {Changed =:= Ready, standin_change:staged(Ring)} of
        {false, _} -> {reply, {error, ring_not_ready}, State};
        {true, []} -> {reply, {ok, Ring, [], []}, State};
        {true, Staged} -> {reply, {ok, Ring, Staged, standin_change:plan(Ring)}, State#{planned := Staged}}
    end.

handle_cast(_, State) ->
    {noreply, State}.

%% Whoever is first of those that are left may mark the claimant as down.
takes_over({down, Claimant}, #{claimant := Claimant}) -> true;
takes_over(_, _) -> false.

made(commit, #{planned := none}) ->
    {error, nothing_planned};
made(commit, #{ring := #{changed := Changed, ready := Ready}}) when Changed =/= Ready ->
    {error, ring_not_ready};
made(commit, #{ring := Ring, planned := Planned}) ->
    case standin_change:staged(Ring) of
        Planned -> standin_change:request(commit, Ring);
        _ -> {error, plan_changed}
    end;
%% A driver decides on a ring that may have changed since.
made({at, Version, Request}, #{ring := #{version := Version} = Ring}) ->
    standin_change:request(Request, Ring);
made({at, _, _}, _) ->
    {error, changed};
made(Request, #{ring := Ring}) ->
    standin_change:request(Request, Ring).

%% A new claimant begins a new term, so that nothing its predecessor still does can be newer.
versioned(#{claimant := Claimant} = New, #{claimant := Claimant, version := {Term, N, _}}) ->
    New#{version := {Term, N + 1, node()}};
versioned(New, #{version := {Term, _, _}}) ->
    New#{version := {Term + 1, 0, node()}}.

%% The answer comes once all that can be reached have heard, or had their time.
told(From, #{ring := Ring} = State) ->
    Nodes = lists:usort([N || {N, _} <- members()] ++ nodes()) -- [node()],
    spawn(fun() ->
                  _ = erpc:multicall([N || N <- Nodes, lists:member(N, nodes())], ?MODULE, offer, [Ring], ?SPREAD),
                  gen_server:reply(From, {ok, Ring})
          end),
    {noreply, State}.

planned(commit, State) -> State#{planned := none};
planned(_, State) -> State.

offered(#{cluster := Cluster, version := Version, members := Members} = Ring,
        #{ring := #{cluster := Cluster, version := Mine}} = State) when Version > Mine ->
    case lists:keymember(node(), 1, Members) of
        true -> {reply, Ring, keep(Ring, State)};
        false -> {reply, removed, leave(State)}
    end;
offered(_, #{ring := Ring} = State) ->
    {reply, Ring, State}.

%% Removed, by leaving or by force: the ring is forgotten, the node ends. Its next start is a ring of its own.
leave(#{path := Path} = State) ->
    logger:notice("~s is no member of its cluster any more, shutting down", [node()]),
    _ = file:delete(Path),
    init:stop(),
    State#{gone => true}.
