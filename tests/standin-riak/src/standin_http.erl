%% One HTTP/1.1 connection: framing of requests and answers. What they mean is standin_resource's.
-module(standin_http).

-export([serve/1]).

-define(SERVER, "MochiWeb/3.0.0 WebMachine/0.0.0+build.698.refadbf4a6 (greased slide to failure)").
-define(IDLE, 60000).
-define(MAX_BODY, 52428800).

serve(Socket) ->
    case request(Socket) of
        {ok, #{close := Close} = Request} ->
            Answer = standin_resource:answer(Request),
            case send(Socket, Request, Answer) of
                ok when not Close -> serve(Socket);
                _ -> gen_tcp:close(Socket)
            end;
        {refuse, Status} ->
            _ = send(Socket, #{method => <<"GET">>, close => true}, {Status, [], <<>>}),
            gen_tcp:close(Socket);
        closed ->
            gen_tcp:close(Socket)
    end.

request(Socket) ->
    ok = expect(Socket, [{packet, http_bin}, {packet_size, 16384}]),
    case gen_tcp:recv(Socket, 0, ?IDLE) of
        {ok, {http_request, Method, {abs_path, Target}, Version}} ->
            headers(Socket, start(Method, Target, Version));
        {ok, {http_request, Method, {absoluteURI, _, _, _, Target}, Version}} ->
            headers(Socket, start(Method, Target, Version));
        {ok, {http_error, Line}} when Line =:= <<"\r\n">>; Line =:= <<"\n">> ->
            request(Socket);
        {ok, _} ->
            {refuse, 400};
        {error, _} ->
            closed
    end.

%% The peer may have gone since; then the next recv says so.
expect(Socket, Options) ->
    _ = inet:setopts(Socket, Options),
    ok.

start(Method, Target, Version) ->
    {Path, Query} = case binary:split(Target, <<"?">>) of
                        [P, Q] -> {P, standin_percent:query(Q)};
                        [P] -> {P, []}
                    end,
    #{method => name(Method), path => Path, query => Query, headers => #{}, close => Version < {1, 1}}.

name(Method) when is_atom(Method) -> atom_to_binary(Method);
name(Method) -> Method.

headers(Socket, #{headers := Headers} = Request) ->
    case gen_tcp:recv(Socket, 0, ?IDLE) of
        {ok, {http_header, _, Name, _, Value}} when map_size(Headers) < 100 ->
            headers(Socket, Request#{headers := Headers#{string:lowercase(name(Name)) => Value}});
        {ok, http_eoh} ->
            ok = expect(Socket, [{packet, raw}]),
            body(Socket, Request#{close := close(Request)});
        {ok, _} ->
            {refuse, 400};
        {error, _} ->
            closed
    end.

close(#{headers := Headers, close := Close}) ->
    case string:lowercase(maps:get(<<"connection">>, Headers, <<>>)) of
        <<"close">> -> true;
        <<"keep-alive">> -> false;
        _ -> Close
    end.

body(Socket, #{headers := Headers} = Request) ->
    case Headers of
        #{<<"transfer-encoding">> := Coding} ->
            case string:lowercase(Coding) of
                <<"chunked">> ->
                    go_on(Socket, Headers),
                    whole(chunks(Socket, <<>>), Request);
                _ ->
                    {refuse, 501}
            end;
        #{<<"content-length">> := Text} ->
            case string:to_integer(Text) of
                {Length, <<>>} when is_integer(Length), Length >= 0, Length =< ?MAX_BODY ->
                    go_on(Socket, Headers),
                    whole(exactly(Socket, Length), Request);
                {Length, <<>>} when is_integer(Length), Length > ?MAX_BODY ->
                    {refuse, 413};
                _ ->
                    {refuse, 400}
            end;
        _ ->
            {ok, Request#{body => <<>>}}
    end.

whole({ok, Body}, Request) -> {ok, Request#{body => Body}};
whole(Refused, _) -> Refused.

go_on(Socket, #{<<"expect">> := _}) -> gen_tcp:send(Socket, "HTTP/1.1 100 Continue\r\n\r\n");
go_on(_, _) -> ok.

exactly(_, 0) ->
    {ok, <<>>};
exactly(Socket, Length) ->
    case gen_tcp:recv(Socket, Length, ?IDLE) of
        {ok, Body} -> {ok, Body};
        {error, _} -> closed
    end.

chunks(Socket, Body) ->
    case line(Socket) of
        {ok, _} when byte_size(Body) > ?MAX_BODY -> {refuse, 413};
        {ok, Line} -> chunk(Socket, chunk_size(Line), Body);
        closed -> closed
    end.

%% Extensions may follow the size.
chunk_size(Line) ->
    case io_lib:fread("~16u", binary_to_list(Line)) of
        {ok, [Size], _} -> Size;
        _ -> bad
    end.

chunk(_, bad, _) ->
    {refuse, 400};
chunk(_, Size, _) when Size > ?MAX_BODY ->
    {refuse, 413};
chunk(Socket, 0, Body) ->
    trailer(Socket, Body);
chunk(Socket, Size, Body) ->
    case exactly(Socket, Size + 2) of
        {ok, <<Chunk:Size/binary, "\r\n">>} -> chunks(Socket, <<Body/binary, Chunk/binary>>);
        {ok, _} -> {refuse, 400};
        closed -> closed
    end.

trailer(Socket, Body) ->
    case line(Socket) of
        {ok, <<"\r\n">>} -> {ok, Body};
        {ok, _} -> trailer(Socket, Body);
        closed -> closed
    end.

line(Socket) ->
    ok = expect(Socket, [{packet, line}]),
    Read = gen_tcp:recv(Socket, 0, ?IDLE),
    ok = expect(Socket, [{packet, raw}]),
    case Read of
        {ok, Line} -> {ok, Line};
        {error, _} -> closed
    end.

%% Riak's answers have their headers in descending order; clients that compare with a capture see the same.
send(Socket, #{method := Method, close := Close}, {Status, Headers, Body}) ->
    Length = [{"Content-Length", integer_to_list(iolist_size(Body))} || Status =/= 204, Status =/= 304],
    Last = [{"Connection", "close"} || Close],
    All = lists:reverse(lists:sort([{"Server", ?SERVER}, {"Date", now_date()} | Length ++ Last ++ Headers])),
    Head = ["HTTP/1.1 ", integer_to_list(Status), $\s, reason(Status), "\r\n",
            [[Name, ": ", Value, "\r\n"] || {Name, Value} <- All], "\r\n"],
    gen_tcp:send(Socket, case Method of <<"HEAD">> -> Head; _ -> [Head, Body] end).

now_date() ->
    standin_resource:http_date(os:system_time(microsecond)).

reason(200) -> "OK";
reason(201) -> "Created";
reason(204) -> "No Content";
reason(304) -> "Not Modified";
reason(400) -> "Bad Request";
reason(404) -> "Object Not Found";
reason(405) -> "Method Not Allowed";
reason(412) -> "Precondition Failed";
reason(413) -> "Request Entity Too Large";
reason(500) -> "Internal Server Error";
reason(501) -> "Not Implemented".
