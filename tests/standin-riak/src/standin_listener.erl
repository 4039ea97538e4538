%% One listening socket; a process per connection, so that what a peer sends can end only its own.
-module(standin_listener).

-export([start_link/2]).
-export([init/3, serve/2]).

start_link(Service, Address) ->
    proc_lib:start_link(?MODULE, init, [self(), Service, Address]).

init(_Parent, Service, {Host, Port}) ->
    case listen(Service, Host, Port) of
        {ok, Listener} ->
            proc_lib:init_ack({ok, self()}),
            accept(Service, Listener);
        {error, Why} ->
            Text = io_lib:format("cannot listen on ~s:~b for ~s: ~s", [Host, Port, Service, inet:format_error(Why)]),
            exit({refused, Text})
    end.

%% The cluster manager takes only an address that an interface is given, though the system would bind more of 127.0.0.0/8.
listen(cluster_mgr, Host, Port) ->
    {ok, Interfaces} = inet:getifaddrs(),
    Given = [inet:ntoa(Ip) || {_, Options} <- Interfaces, {addr, Ip} <- Options],
    case lists:member(Host, ["0.0.0.0" | Given]) of
        true -> listen(Host, Port);
        false -> {error, eaddrnotavail}
    end;
listen(_Service, Host, Port) ->
    listen(Host, Port).

listen(Host, Port) ->
    case inet:parse_address(Host) of
        {ok, Ip} ->
            Family = case tuple_size(Ip) of 4 -> inet; 8 -> inet6 end,
            gen_tcp:listen(Port, [Family, binary, {ip, Ip}, {active, false}, {reuseaddr, true}, {backlog, 128},
                                  {nodelay, true}, {send_timeout, 30000}, {send_timeout_close, true}]);
        Error ->
            Error
    end.

accept(Service, Listener) ->
    case gen_tcp:accept(Listener) of
        {ok, Socket} ->
            Pid = spawn(?MODULE, serve, [Service, Socket]),
            _ = gen_tcp:controlling_process(Socket, Pid),
            Pid ! go;
        {error, closed} ->
            exit(closed);
        {error, _} ->
            %% Out of descriptors, mostly: the listener outlives it.
            timer:sleep(100)
    end,
    accept(Service, Listener).

serve(Service, Socket) ->
    receive go -> ok end,
    case Service of
        http -> standin_http:serve(Socket);
        pb -> standin_pb:serve(Socket);
        _ -> drain(Socket)
    end.

%% Nobody hands off to a ring of one, or replicates to it; the ports are held as the real one holds them.
drain(Socket) ->
    case gen_tcp:recv(Socket, 0) of
        {ok, _} -> drain(Socket);
        {error, _} -> gen_tcp:close(Socket)
    end.
