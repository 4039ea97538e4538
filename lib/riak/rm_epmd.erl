%% What a node uses in place of erl_epmd to find others, on OTP 22 to 27:
%%
%%     erl -start_epmd false -epmd_module rm_epmd -pa DIR
%%
%% with ERL_EPMD_PORT of the rm-cepmd(8) of its own host. It registers through
%% erl_epmd as usual, but asks its local port mapper about every node, on any
%% host: a look-up of "name@host", whose answer carries the address of the
%% node's host as its extra data.
%%
%% Every function that erl_epmd has is here, in every arity that one of these
%% releases calls. standard_error is not there yet when most of them run.
-module(rm_epmd).

-export([start/0, start_link/0, stop/0,
         register_node/2, register_node/3, listen_port_please/2,
         address_please/3, port_please/2, port_please/3,
         names/0, names/1, open/0, open/1, open/2]).

-define(LOCAL, {127,0,0,1}).
-define(TIMEOUT, 5000).
-define(PORT_PLEASE2, 122).
-define(PORT2_RESP, 119).
-define(NAMES, 110).

%% Registration is the stock module's: it also registers again by itself.
start() -> erl_epmd:start().
start_link() -> erl_epmd:start_link().
stop() -> erl_epmd:stop().
register_node(Name, Port) -> erl_epmd:register_node(Name, Port).
register_node(Name, Port, Family) -> erl_epmd:register_node(Name, Port, Family).
open() -> erl_epmd:open().
open(Address) -> erl_epmd:open(Address).
open(Address, Timeout) -> erl_epmd:open(Address, Timeout).

%% OTP 23 on: the port to listen on; {ok, 0} is any.
listen_port_please(Name, Host) ->
    case erlang:function_exported(erl_epmd, listen_port_please, 2) of
        true -> erl_epmd:listen_port_please(Name, Host);
        false -> {ok, 0}
    end.

%% Called by the net kernel itself, so it must not take long.
address_please(Name, Host, Family) ->
    case look_up(Name, Host, ?TIMEOUT) of
        {ok, Port, Version, Where} ->
            case resolve([Where, Host], Family) of
                {ok, Ip} -> {ok, Ip, Port, Version};
                Error -> Error
            end;
        noport -> {error, noport};
        Error -> Error
    end.

port_please(Name, Host) ->
    port_please(Name, Host, ?TIMEOUT).
port_please(Name, Host, Timeout) ->
    case look_up(Name, Host, Timeout) of
        {ok, Port, Version, _} -> {port, Port, Version};
        noport -> noport;
        {error, _} -> noport
    end.

%% The names on this host; on another host, those of the cluster.
names() ->
    erl_epmd:names(?LOCAL).
names(Host) ->
    case is_own(Host) of
        true -> names();
        false -> cluster_names(text(Host))
    end.

look_up(Name, Host, Timeout) ->
    Asked = [?PORT_PLEASE2, text(Name), $@, text(Host)],
    case ask(Asked, Timeout) of
        {ok, <<?PORT2_RESP, 0, Port:16, _Type, _Protocol, High:16, Low:16,
               NLen:16, _:NLen/binary, ELen:16, Where:ELen/binary>>} ->
            case version(Low, High) of
                0 -> {error, version};
                Version -> {ok, Port, Version, binary_to_list(Where)}
            end;
        {ok, <<?PORT2_RESP, _>>} -> noport;
        {ok, _} -> {error, closed};
        Error -> Error
    end.

%% One request to the local port mapper, and all that it answers.
ask(Body, Timeout) ->
    case erl_epmd:open(?LOCAL, Timeout) of
        {ok, Socket} ->
            Bytes = iolist_to_binary(Body),
            _ = inet:setopts(Socket, [{active, false}, {mode, binary}]),
            Answer = case gen_tcp:send(Socket, [<<(byte_size(Bytes)):16>>, Bytes]) of
                         ok -> receive_all(Socket, <<>>, Timeout);
                         Error -> Error
                     end,
            gen_tcp:close(Socket),
            Answer;
        Error -> Error
    end.

receive_all(Socket, Sofar, Timeout) ->
    case gen_tcp:recv(Socket, 0, Timeout) of
        {ok, More} -> receive_all(Socket, <<Sofar/binary, More/binary>>, Timeout);
        {error, closed} -> {ok, Sofar};
        Error -> Error
    end.

%% The highest version of the distribution protocol that both sides speak.
version(Low, High) ->
    {OurLow, OurHigh} =
        case list_to_integer(erlang:system_info(otp_release)) of
            N when N >= 25 -> {6, 6};
            N when N >= 23 -> {5, 6};
            _ -> {5, 5}
        end,
    case OurLow =< High andalso Low =< OurHigh of
        true -> min(OurHigh, High);
        false -> 0
    end.

resolve([Where | Rest], Family) ->
    case Where =/= [] andalso inet:getaddr(Where, Family) of
        {ok, Ip} -> {ok, Ip};
        _ when Rest =/= [] -> resolve(Rest, Family);
        Error -> Error
    end.

cluster_names(Host) ->
    case ask([?NAMES, $@], ?TIMEOUT) of
        {ok, <<_:32, Lines/binary>>} ->
            {ok, [Found || Line <- binary:split(Lines, <<"\n">>, [global]),
                           Found <- name_on(Host, Line)]};
        _ -> {error, address}
    end.

%% "name NAME@HOST at port PORT"
name_on(Host, Line) ->
    case re:run(Line, "^name (.*)@([^@]*) at port ([0-9]+)$",
                [{capture, all_but_first, list}]) of
        {match, [Name, Host, Port]} -> [{Name, list_to_integer(Port)}];
        _ -> []
    end.

is_own(Host) ->
    [_, Own] = string:split(atom_to_list(node()), "@"),
    {ok, Short} = inet:gethostname(),
    lists:member(text(Host), [Own, Short, "localhost", "127.0.0.1", "::1"]).

text(Atom) when is_atom(Atom) -> atom_to_list(Atom);
text(Ip) when is_tuple(Ip) -> inet:ntoa(Ip);
text(List) -> List.
