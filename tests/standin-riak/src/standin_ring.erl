%% The ring: who is a member, who owns which partition. Kept under ring_state_dir.
%%
%% One writer (this server), many readers (a persistent term). A ring of one member is all that is made here; the shape
%% holds many: members with their status, owners by partition number, the claimant.
-module(standin_ring).
-behaviour(gen_server).

-export([start_link/0, ring/0, size/0, members/0, owners/0, share/2, index/2, partition/1, preflist/2, type/1]).
-export([init/1, handle_call/3, handle_cast/2]).

start_link() ->
    gen_server:start_link({local, ?MODULE}, ?MODULE, [], []).

ring() ->
    persistent_term:get(?MODULE).

size() ->
    maps:get(size, ring()).

members() ->
    maps:get(members, ring()).

%% The owner of each partition, by number.
owners() ->
    maps:get(owners, ring()).

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

%% Bucket types belong to the ring's metadata; a fresh ring has one.
type(<<"default">>) -> {ok, #{n_val => 3}};
type(_) -> unknown.

init([]) ->
    {ok, Dir} = application:get_env(riak_core, ring_state_dir),
    Path = filename:join(Dir, "standin_ring.default"),
    case load(Path) of
        {ok, #{members := Members} = Ring} ->
            case lists:keymember(node(), 1, Members) of
                true -> publish(Ring);
                false -> {stop, {refused, foreign(Path, Members)}}
            end;
        none ->
            Ring = fresh(),
            ok = filelib:ensure_dir(Path),
            ok = standin_disk:replace(Path, term_to_binary(Ring)),
            publish(Ring);
        {error, Why} ->
            {stop, {refused, io_lib:format("cannot read ~ts: ~p", [Path, Why])}}
    end.

foreign(Path, Members) ->
    io_lib:format("~s is not a member of the ring in ~ts, its members are ~p", [node(), Path, [N || {N, _} <- Members]]).

publish(Ring) ->
    persistent_term:put(?MODULE, Ring),
    {ok, Ring}.

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
    #{size => Size, claimant => node(), members => [{node(), valid}], owners => lists:duplicate(Size, node())}.

handle_call(_, _, Ring) ->
    {reply, {error, unknown_call}, Ring}.

handle_cast(_, Ring) ->
    {noreply, Ring}.
