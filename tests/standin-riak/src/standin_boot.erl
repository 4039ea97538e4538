%% From a bare VM to a running node, or to one line of why not and exit code 1.
-module(standin_boot).

-export([start/0]).

start() ->
    lists:foreach(fun load/1, [riak_core, riak_kv, riak_api, riak_repl, bitcask, leveled, eleveldb]),
    Knob = os:getenv("STANDIN_FAIL", ""),
    Result = case Knob of
                 "boot" -> {error, "STANDIN_FAIL=boot"};
                 _ -> steps([fun data_dir/0, fun backend_dir/0, fun application/0])
             end,
    case Result of
        ok -> logger:notice("riak ~s is started on node ~s", [version(), node()]);
        {error, Why} -> refuse(Why)
    end.

%% Riak's own applications exist in name only: once loaded, their environment is the generated configuration, beaten by
%% what ERL_ZFLAGS brings, exactly as in the real one.
load(App) ->
    ok = application:load({application, App, [{vsn, version()}, {modules, []}, {applications, []}]}).

version() ->
    "3.2.3".

steps([]) ->
    ok;
steps([Step | Rest]) ->
    case Step() of
        ok -> steps(Rest);
        Error -> Error
    end.

data_dir() ->
    {ok, Dir} = application:get_env(riak_core, platform_data_dir),
    standin_marker:claim(Dir).

backend_dir() ->
    case standin_store:root() of
        none -> ok;
        Dir -> standin_marker:claim(Dir)
    end.

application() ->
    case application:start(standin_riak, permanent) of
        ok -> ok;
        {error, {Reason, _}} -> {error, reason(Reason)};
        {error, Reason} -> {error, io_lib:format("~p", [Reason])}
    end.

reason({{shutdown, {failed_to_start_child, _, {refused, Why}}}, _}) -> Why;
reason({shutdown, {failed_to_start_child, _, {refused, Why}}}) -> Why;
reason(Other) -> io_lib:format("~p", [Other]).

-spec refuse(iodata()) -> no_return().
refuse(Why) ->
    logger:critical("~ts", [Why]),
    io:format(standard_error, "riak: ~ts~n", [Why]),
    _ = logger_std_h:filesync(default),
    halt(1).
