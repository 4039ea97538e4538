%% The objects of one node: in memory, and in one append-only log under the backend's data_root.
%%
%% A record is its length, its CRC-32 (4 bytes each) and a term. It is answered for only once it is on the disk; writers
%% that come together share one sync. Keys are {Partition, {Type, Bucket}, Key}, so that a partition can be handed off.
-module(standin_store).
-behaviour(gen_server).

-export([start_link/0, root/0, get/1, epoch/1, merge/2, drop/2, wanted/1, fold/2]).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2]).

-compile({no_auto_import, [get/1]}).

-define(HEADER, 8).

start_link() ->
    gen_server:start_link({local, ?MODULE}, ?MODULE, [], []).

root() ->
    {ok, Backend} = application:get_env(riak_kv, storage_backend),
    case Backend of
        riak_kv_memory_backend -> none;
        riak_kv_leveled_backend -> data_root(leveled);
        riak_kv_eleveldb_backend -> data_root(eleveldb);
        _ -> data_root(bitcask)
    end.

data_root(App) ->
    {ok, Dir} = application:get_env(App, data_root),
    Dir.

get(Key) ->
    case ets:lookup(?MODULE, Key) of
        [{_, Object}] -> {ok, Object};
        [] -> notfound
    end.

%% From now on nothing is taken from who acts on an older ring; what was taken before is there for a fold to see.
epoch(Epoch) ->
    gen_server:call(?MODULE, {epoch, Epoch}, infinity).

%% Keep of each object the newer one, ours or this: `ok` once it is on the disk. {stale, Epoch}: ask again, on that ring
%% or a newer one; `foreign`: this node is in another cluster.
merge(Epoch, Pairs) ->
    gen_server:call(?MODULE, {merge, Epoch, Pairs}, infinity).

%% Forget copies that others keep, unless they are others by now: [{Key, Stamp}].
drop(Epoch, Pairs) ->
    gen_server:call(?MODULE, {drop, Epoch, Pairs}, infinity).

%% The keys of which we have none, or an older one than the stamp says.
wanted(Pairs) ->
    [Key || {Key, Stamp} <- Pairs, older(get(Key), Stamp)].

older({ok, Object}, Stamp) -> standin_object:stamp(Object) < Stamp;
older(notfound, _) -> true.

fold(Fun, Acc) ->
    ets:foldl(fun({Key, Object}, A) -> Fun(Key, Object, A) end, Acc, ?MODULE).

init([]) ->
    _ = ets:new(?MODULE, [named_table, protected, set, {read_concurrency, true}]),
    case root() of
        none -> {ok, #{fd => none, size => 0, pending => [], epoch => standin_ring:epoch()}};
        Dir -> open(filename:join(Dir, "standin.log"))
    end.

open(Path) ->
    case file:open(Path, [read, write, raw, binary, {read_ahead, 1 bsl 20}]) of
        {ok, Fd} ->
            Good = replay(Fd, 0),
            ok = cut(Fd, Path, Good),
            ok = file:close(Fd),
            ok = compact(Path, Good),
            {ok, Log} = file:open(Path, [append, raw, binary]),
            {ok, #{fd => Log, size => filelib:file_size(Path), pending => [], epoch => standin_ring:epoch()}};
        {error, Why} ->
            {stop, {refused, io_lib:format("cannot open ~ts: ~ts", [Path, file:format_error(Why)])}}
    end.

replay(Fd, At) ->
    case file:read(Fd, ?HEADER) of
        {ok, <<Length:32, Crc:32>>} ->
            case file:read(Fd, Length) of
                {ok, <<Payload:Length/binary>>} -> replay(Fd, At, Crc, Payload);
                _ -> At
            end;
        _ ->
            At
    end.

replay(Fd, At, Crc, Payload) ->
    case erlang:crc32(Payload) of
        Crc ->
            apply_record(binary_to_term(Payload)),
            replay(Fd, At + ?HEADER + byte_size(Payload));
        _ ->
            At
    end.

apply_record({put, Key, Object}) -> ets:insert(?MODULE, {Key, Object});
apply_record({delete, Key}) -> ets:delete(?MODULE, Key).

%% A record that a kill tore was never answered for: it goes, or all later ones would be lost behind it.
cut(Fd, Path, Good) ->
    case filelib:file_size(Path) of
        Good ->
            ok;
        Size ->
            logger:warning("~ts: torn record cut off, ~b bytes", [Path, Size - Good]),
            {ok, Good} = file:position(Fd, Good),
            ok = file:truncate(Fd),
            file:datasync(Fd)
    end.

compact(Path, Size) when Size > 1 bsl 20 ->
    Live = fold(fun(Key, Object, Acc) -> [record({put, Key, Object}) | Acc] end, []),
    case iolist_size(Live) * 4 < Size of
        true -> standin_disk:replace(Path, Live);
        false -> ok
    end;
compact(_, _) ->
    ok.

record(Term) ->
    Payload = term_to_binary(Term),
    [<<(byte_size(Payload)):32, (erlang:crc32(Payload)):32>>, Payload].

handle_call({epoch, Epoch}, _, State) ->
    Flushed = flush(State),
    {reply, ok, Flushed#{epoch := Epoch}, 0};
handle_call({_, Epoch, _} = Request, From, #{pending := Pending, epoch := Mine} = State) ->
    case compare(Epoch, Mine) of
        ok -> {noreply, State#{pending := [{Request, From} | Pending]}, 0};
        Refused -> {reply, Refused, State, 0}
    end.

compare({Cluster, Version}, {Cluster, Mine}) when Version >= Mine -> ok;
compare({Cluster, _}, {Cluster, _} = Mine) -> {stale, Mine};
compare(_, _) -> foreign.

handle_cast(_, State) ->
    {noreply, State, 0}.

%% The timeout comes when the mailbox is empty: everybody who waits is in one write.
handle_info(timeout, State) ->
    {noreply, flush(State)};
handle_info(_, State) ->
    {noreply, State, 0}.

flush(#{pending := []} = State) ->
    State;
flush(#{pending := Pending} = State) ->
    Batch = lists:reverse(Pending),
    {Records, _} = lists:foldl(fun({Request, _}, Acc) -> records(Request, Acc) end, {[], #{}}, Batch),
    Ordered = lists:reverse(Records),
    {Result, Written} = write([record(R) || R <- Ordered], State),
    [apply_record(R) || Result =:= ok, R <- Ordered],
    [gen_server:reply(From, Result) || {_, From} <- Batch],
    Written#{pending := []}.

%% What a request changes, after those before it in the batch: Seen is what they leave behind.
records({merge, _, Pairs}, Acc) ->
    lists:foldl(fun({Key, Object}, {Records, Seen}) ->
                        case older(now_at(Key, Seen), standin_object:stamp(Object)) of
                            true -> {[{put, Key, Object} | Records], Seen#{Key => {ok, Object}}};
                            false -> {Records, Seen}
                        end
                end, Acc, Pairs);
records({drop, _, Pairs}, Acc) ->
    lists:foldl(fun({Key, Stamp}, {Records, Seen}) ->
                        case now_at(Key, Seen) of
                            {ok, Object} ->
                                case standin_object:stamp(Object) of
                                    Stamp -> {[{delete, Key} | Records], Seen#{Key => notfound}};
                                    _ -> {Records, Seen}
                                end;
                            notfound -> {Records, Seen}
                        end
                end, Acc, Pairs).

now_at(Key, Seen) ->
    case Seen of
        #{Key := State} -> State;
        _ -> get(Key)
    end.

write([], State) ->
    {ok, State};
write(_, #{fd := none} = State) ->
    {ok, State};
write(Bytes, #{fd := Fd, size := Size} = State) ->
    case sync_write(Fd, Bytes) of
        ok ->
            {ok, State#{size := Size + iolist_size(Bytes)}};
        Error ->
            %% A full disk leaves half a record behind; what comes later must not stand after it.
            {ok, Size} = file:position(Fd, Size),
            ok = file:truncate(Fd),
            {Error, State}
    end.

sync_write(Fd, Bytes) ->
    case file:write(Fd, Bytes) of
        ok -> file:datasync(Fd);
        Error -> Error
    end.
