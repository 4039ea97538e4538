#!/usr/bin/env escript
%% conformance.escript PORT plain|relaxed|noexist|remote [ADDRESS [SOURCE]]
%%
%% Plays every case of a set against a port mapper and prints what came back,
%% one line a case, so that two port mappers can be compared with diff. What
%% may differ is masked: creations, the mapper's own port, descriptors.
-mode(compile).

main([Port, Set]) ->
    main([Port, Set, "127.0.0.1"]);
main([Port, Set, Address | Source]) ->
    {ok, Ip} = inet:parse_address(Address),
    put(to, {Ip, list_to_integer(Port)}),
    put(from, [{ip, element(2, inet:parse_address(S))} || S <- Source]),
    lists:foreach(fun run/1, cases(list_to_atom(Set))).

run({Title, Steps}) ->
    Conns = lists:foldl(fun step/2, #{}, [{say, Title} | Steps]),
    maps:foreach(fun(_, S) -> gen_tcp:close(S) end, Conns),
    io:nl().

%% Steps: a connection is named by an atom.
step({say, Title}, Conns) ->
    io:format("~ts:", [Title]),
    Conns;
step({open, C}, Conns) ->
    {Ip, Port} = get(to),
    {ok, S} = gen_tcp:connect(Ip, Port, [binary, {active, false}, {nodelay, true} | get(from)]),
    Conns#{C => S};
step({send, C, Bytes}, Conns) ->
    _ = gen_tcp:send(maps:get(C, Conns), Bytes),
    Conns;
step({pause, Ms}, Conns) ->
    timer:sleep(Ms),
    Conns;
step({shut, C}, Conns) ->
    _ = gen_tcp:shutdown(maps:get(C, Conns), write),
    Conns;
step({close, C}, Conns) ->
    gen_tcp:close(maps:get(C, Conns)),
    maps:remove(C, Conns);
step({gone, Name}, Conns) ->
    wait_gone(Name, 100),
    Conns;
step({recv, C}, Conns) ->
    {Bytes, End} = drain(maps:get(C, Conns), <<>>),
    io:format(" [~ts ~p]", [show(Bytes), End]),
    Conns;
%% A whole exchange on a connection of its own.
step({ask, Bytes}, Conns) ->
    Next = lists:foldl(fun step/2, Conns, [{open, x}, {send, x, Bytes}, {recv, x}]),
    step({close, x}, Next).

wait_gone(Name, N) when N > 0 ->
    Asked = step({open, x}, #{}),
    _ = step({send, x, names()}, Asked),
    {Names, closed} = drain(maps:get(x, Asked), <<>>),
    case binary:match(Names, iolist_to_binary(["name ", Name, " at"])) of
        nomatch -> ok;
        _ -> timer:sleep(20), wait_gone(Name, N - 1)
    end.

%% Until the peer closes, or has been silent for a while.
drain(S, Sofar) ->
    case gen_tcp:recv(S, 0, 250) of
        {ok, More} -> drain(S, <<Sofar/binary, More/binary>>);
        {error, timeout} -> {Sofar, open};
        {error, _} -> {Sofar, closed}
    end.

show(<<118, 0, _:32, Rest/binary>>) -> ["ok6 ", hex(Rest)];
show(<<121, 0, _:16, Rest/binary>>) -> ["ok5 ", hex(Rest)];
show(<<Port:32, Rest/binary>>) ->
    case get(to) of
        {_, Port} -> ["port ", re:replace(printable(Rest), "fd = -?\\d+", "fd = N", [global])];
        _ -> hex(<<Port:32, Rest/binary>>)
    end;
show(Bytes) -> hex(Bytes).

printable(Bytes) -> [printable_1(C) || <<C>> <= Bytes].
printable_1($\n) -> "\\n";
printable_1(C) when C >= 32, C < 127 -> C;
printable_1(C) -> io_lib:format("\\x~2.16.0b", [C]).

hex(Bytes) when byte_size(Bytes) > 600 ->
    io_lib:format("~b bytes, hash ~b", [byte_size(Bytes), erlang:phash2(Bytes)]);
hex(Bytes) -> [io_lib:format("~2.16.0b", [C]) || <<C>> <= Bytes].

%% Requests.
frame(Body) ->
    B = iolist_to_binary(Body),
    <<(byte_size(B)):16, B/binary>>.

alive(Name) -> alive(Name, #{}).
alive(Name0, Options) ->
    Name = iolist_to_binary(Name0),
    Extra = maps:get(extra, Options, <<>>),
    frame([120, <<(maps:get(port, Options, 4711)):16>>, maps:get(type, Options, 77),
           maps:get(protocol, Options, 0), <<(maps:get(high, Options, 6)):16>>,
           <<(maps:get(low, Options, 5)):16>>,
           <<(maps:get(nlen, Options, byte_size(Name))):16>>, Name,
           <<(maps:get(elen, Options, byte_size(Extra))):16>>, Extra,
           maps:get(trail, Options, <<>>)]).

find(Name) -> frame([122, Name]).
names() -> frame([110]).
dump() -> frame([100]).
kill() -> frame([107]).
stop(Name) -> frame([115, Name]).

times(N, X) -> iolist_to_binary(lists:duplicate(N, X)).

%% Registers on connection a, looks up, and again after the end of a.
registered(Title, Name, Options) ->
    {Title, [{open, a}, {send, a, alive(Name, Options)}, {recv, a},
             {ask, find(Name)}, {ask, names()}, {close, a}, {gone, Name}]}.
refused(Title, Name, Options) ->
    {Title, [{open, a}, {send, a, alive(Name, Options)}, {recv, a},
             {ask, find("refused")}, {ask, names()}, {send, a, "x"}, {recv, a}]}.
odd(Title, Bytes) ->
    {Title, [{open, a}, {send, a, Bytes}, {recv, a}]}.

cases(plain) ->
    E = <<16#c3, 16#a9>>,                       % two bytes
    Euro = <<16#e2, 16#82, 16#ac>>,             % three
    Clef = <<16#f0, 16#9d, 16#84, 16#9e>>,      % four
    [registered("version 6", "v6", #{}),
     registered("version 5", "v5", #{high => 5, low => 5}),
     registered("version 7", "v7", #{high => 7, low => 6}),
     registered("version 0", "v0", #{high => 0, low => 0}),
     registered("version 65535", "vmax", #{high => 65535, low => 65535}),
     registered("lowest above highest", "vlow", #{high => 5, low => 6}),
     registered("hidden", "h6", #{type => 72}),
     registered("hidden 5", "h5", #{type => 72, high => 5}),
     registered("other type", "t0", #{type => 0, protocol => 9}),
     registered("type 255", "t255", #{type => 255, protocol => 255}),
     registered("extra", "e1", #{extra => <<"some extra">>}),
     registered("extra with zeros", "e2", #{extra => <<0, 1, 0, 255>>}),
     registered("extra 1020", "e3", #{extra => times(1020, "x")}),
     refused("extra 1021", "e4", #{extra => times(1021, "x")}),
     registered("port 0", "p0", #{port => 0}),
     registered("port 65535", "pmax", #{port => 65535}),
     registered("at sign", "a@b", #{}),
     registered("at sign first", "@b", #{}),
     registered("at sign last", "a@", #{}),
     registered("space", "a b", #{}),
     registered("newline", "a\nb", #{}),
     registered("slash", "../a/b", #{}),
     registered("one character", "a", #{}),
     registered("two-byte characters", times(3, E), #{}),
     registered("255 characters", times(255, "n"), #{}),
     registered("254 characters", times(254, "n"), #{}),
     refused("256 characters", times(256, "n"), #{}),
     registered("254 two-byte characters", times(254, E), #{}),
     registered("255 three-byte characters", times(255, Euro), #{}),
     registered("255 four-byte characters", times(255, Clef), #{}),
     refused("256 four-byte characters", times(256, Clef), #{}),
     refused("1021 bytes", times(1021, "n"), #{}),
     refused("1500 bytes", times(1500, "n"), #{}),
     refused("latin-1", <<"caf", 16#e9>>, #{}),
     refused("cut character", <<"caf", 16#c3>>, #{}),
     refused("overlong", <<16#c0, 16#af>>, #{}),
     refused("overlong three", <<16#e0, 16#80, 16#af>>, #{}),
     refused("surrogate", <<16#ed, 16#a0, 16#80>>, #{}),
     refused("above 10ffff", <<16#f4, 16#90, 16#80, 16#80>>, #{}),
     registered("highest character", <<16#f4, 16#8f, 16#bf, 16#bf>>, #{}),
     refused("lone continuation", <<16#80>>, #{}),
     refused("five-byte lead", <<16#f8, 16#88, 16#80, 16#80, 16#80>>, #{}),
     odd("empty name", alive("")),
     odd("empty name with extra", alive("", #{extra => <<"xx">>})),
     odd("NUL in the name", alive(<<"a", 0, "b">>)),
     odd("NUL at the end of the name", alive(<<"ab", 0>>)),
     odd("NUL in a name that is not UTF-8", alive(<<16#e9, 0>>)),
     odd("name longer than the packet", alive("abc", #{nlen => 100})),
     odd("name as long as the packet", alive("abc", #{nlen => 5})),
     odd("extra longer than the packet", alive("abc", #{elen => 1})),
     odd("trailing byte in the packet", alive("trail", #{trail => <<0>>})),
     odd("trailing bytes in the packet", alive("trail", #{trail => <<"zzzz">>})),
     odd("no extra length", frame([120, <<4711:16>>, 77, 0, <<6:16, 5:16, 3:16>>, "abc"])),
     odd("half an extra length", frame([120, <<4711:16>>, 77, 0, <<6:16, 5:16, 3:16>>, "abc", 0])),
     odd("short registration", frame([120, <<4711:16>>, 77])),
     odd("only the code", frame([120])),
     {"taken", [{open, a}, {send, a, alive("taken")}, {recv, a},
                {open, b}, {send, b, alive("taken")}, {recv, b},
                {open, c}, {send, c, alive("taken", #{high => 5})}, {recv, c},
                {ask, find("taken")},
                {close, b}, {close, c}, {ask, find("taken")},
                {close, a}, {gone, "taken"},
                {open, d}, {send, d, alive("taken", #{port => 1})}, {recv, d},
                {ask, find("taken")}, {close, d}, {gone, "taken"}]},
     {"a byte ends a registration", [{open, a}, {send, a, alive("byte")}, {recv, a},
                {send, a, "x"}, {recv, a}, {ask, find("byte")}]},
     {"a request ends a registration", [{open, a}, {send, a, alive("req")}, {recv, a},
                {send, a, names()}, {recv, a}, {ask, find("req")}]},
     {"a half close ends a registration", [{open, a}, {send, a, alive("half")}, {recv, a},
                {shut, a}, {recv, a}, {ask, find("half")}]},
     {"half close before the reply", [{open, a}, {send, a, find("nobody")}, {shut, a}, {recv, a}]},
     {"half close in the middle", [{open, a}, {send, a, <<0, 5, 122>>}, {shut, a}, {recv, a}]},
     {"half close at once", [{open, a}, {shut, a}, {recv, a}]},
     {"byte by byte", [{open, a} | bytes(a, alive("bytes"))] ++
                [{recv, a}, {open, b} | bytes(b, find("bytes"))] ++ [{recv, b}]},
     {"three names", [{open, a}, {send, a, alive("one", #{port => 1})}, {recv, a},
                {open, b}, {send, b, alive("two", #{port => 2})}, {recv, b},
                {open, c}, {send, c, alive("three", #{port => 3})}, {recv, c},
                {ask, names()}, {close, b}, {gone, "two"}, {ask, names()},
                {open, d}, {send, d, alive("two", #{port => 4})}, {recv, d},
                {ask, names()}, {close, a}, {gone, "one"}, {close, c}, {gone, "three"}]},
     {"none left", [{gone, "one"}, {gone, "two"}, {gone, "three"}, {ask, names()}]},
     odd("look-up, nobody", find("nobody")),
     odd("look-up, empty", find("")),
     odd("look-up, only NUL", find([0])),
     odd("look-up, two NUL", find([0, 0])),
     odd("look-up, NUL inside", find(<<"a", 0, "b">>)),
     odd("look-up, not UTF-8", find(<<16#e9>>)),
     odd("look-up, cut character", find(<<"a", 16#c3>>)),
     odd("look-up, 254", find(times(254, "n"))),
     odd("look-up, 255", find(times(255, "n"))),
     odd("look-up, 255 and NUL", find([times(255, "n"), 0])),
     odd("look-up, 256", find(times(256, "n"))),
     odd("look-up, 1021", find(times(1021, "n"))),
     odd("look-up, 254 clefs", find(times(254, Clef))),
     odd("look-up, 255 clefs", find(times(255, Clef))),
     {"look-up with NUL", [{open, a}, {send, a, alive("nul", #{extra => <<"ex">>})}, {recv, a},
                {ask, find(["nul", 0])}, {ask, find(["nul", 0, 0])}, {ask, find("nu")},
                {ask, find("null")}]},
     odd("length 0", <<0, 0>>),
     odd("length 0 and more", <<0, 0, 110>>),
     odd("length 1, nothing more", <<0, 1>>),
     odd("one byte", <<0>>),
     odd("nothing", <<>>),
     odd("length 3057", frame([122, times(3056, "n")])),
     odd("length 3058", frame([122, times(3057, "n")])),
     odd("length 3058, nothing more", <<3058:16>>),
     odd("length 3057, nothing more", <<3057:16>>),
     odd("length 65535", <<65535:16>>),
     odd("big registration", alive("big", #{extra => times(3000, "x")})),
     odd("trailing byte", [names(), 0]),
     odd("two requests in one", [names(), names()]),
     odd("look-up and trailing byte", [find("nobody"), 0]),
     odd("registration and trailing byte", [alive("reg"), 0]),
     odd("names with a tail", frame([110, "tail"])),
     odd("dump with a tail", frame([100, "tail"])),
     odd("stop", stop("nobody")),
     odd("stop, empty", stop("")),
     {"stop of a name", [{open, a}, {send, a, alive("stopme")}, {recv, a},
                {ask, stop("stopme")}, {ask, find("stopme")}]},
     {"kill with names", [{open, a}, {send, a, alive("killme")}, {recv, a},
                {ask, kill()}, {ask, frame([107, "tail"])}, {ask, find("killme")}]},
     {"dump", [{open, a}, {send, a, alive("d1", #{port => 1})}, {recv, a},
                {open, b}, {send, b, alive("d2", #{port => 2, extra => <<"x">>})}, {recv, b},
                {ask, dump()}, {close, a}, {gone, "d1"}, {ask, dump()},
                {open, c}, {send, c, alive("d1", #{port => 3})}, {recv, c},
                {ask, dump()}]}]
        ++ [odd(io_lib:format("code ~b", [C]), frame([C, "abc"])) || C <- codes()]
        ++ [odd(io_lib:format("code ~b alone", [C]), frame([C])) || C <- codes()]
        ++ [odd("kill", kill()), {"after kill", [{pause, 200}]}];
cases(relaxed) ->
    [odd("stop, empty", stop("")),
     {"stop of a name", [{open, a}, {send, a, alive("stopme")}, {recv, a},
                {ask, stop("stopme")}, {recv, a}, {ask, find("stopme")}]},
     {"stop with NUL", [{open, a}, {send, a, alive("stopme")}, {recv, a},
                {ask, stop(["stopme", 0])}, {recv, a}, {ask, find("stopme")}]},
     {"kill with names", [{open, a}, {send, a, alive("killme")}, {recv, a},
                {ask, kill()}, {recv, a}]}];
cases(noexist) ->
    [odd("stop of nobody", stop("nobody"))];
%% What a peer of another host may ask; run from another address.
cases(remote) ->
    [odd("registration", alive("remote")), odd("look-up", find("nobody")),
     odd("names", names()), odd("dump", dump()), odd("stop", stop("nobody")),
     odd("short registration", frame([120])),
     odd("refused registration", alive(times(256, "n"))),
     odd("kill", kill())].

bytes(C, Bytes) ->
    lists:append([[{send, C, <<B>>}, {pause, 2}] || <<B>> <= Bytes]).

codes() -> lists:seq(0, 255) -- [100, 107, 110, 115, 120, 122].
