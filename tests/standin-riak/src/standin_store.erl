%% The objects of one node: in memory, and in one append-only log under the backend's data_root.
%%
%% A record is its length, its CRC-32 (4 bytes each) and a term. It is answered for only once it is on the disk; writers
%% that come together share one sync. Keys are {Partition, {Type, Bucket}, Key}, so that a partition can be handed off.
-module(standin_store).
-behaviour(gen_server).

-export([start_link/0, root/0, get/1, put/2, delete/1, fold/2]).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2]).

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

put(Key, Object) ->
    gen_server:call(?MODULE, {put, Key, Object}, infinity).

delete(Key) ->
    gen_server:call(?MODULE, {delete, Key}, infinity).

fold(Fun, Acc) ->
    ets:foldl(fun({Key, Object}, A) -> Fun(Key, Object, A) end, Acc, ?MODULE).

init([]) ->
    _ = ets:new(?MODULE, [named_table, protected, set, {read_concurrency, true}]),
    case root() of
        none -> {ok, #{fd => none, size => 0, pending => []}};
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
            {ok, #{fd => Log, size => filelib:file_size(Path), pending => []}};
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

handle_call(Record, From, #{pending := Pending} = State) ->
    {noreply, State#{pending := [{Record, From} | Pending]}, 0}.

handle_cast(_, State) ->
    {noreply, State, 0}.

%% The timeout comes when the mailbox is empty: everybody who waits is in one write.
handle_info(timeout, #{pending := []} = State) ->
    {noreply, State};
handle_info(timeout, #{pending := Pending} = State) ->
    Batch = lists:reverse(Pending),
    {Result, Written} = write([record(R) || {R, _} <- Batch], State),
    [apply_record(R) || Result =:= ok, {R, _} <- Batch],
    [gen_server:reply(From, Result) || {_, From} <- Batch],
    {noreply, Written#{pending := []}};
handle_info(_, State) ->
    {noreply, State, 0}.

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
