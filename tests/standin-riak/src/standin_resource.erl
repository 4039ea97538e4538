%% What an HTTP request asks for, and the answer: {Status, Headers, Body}.
-module(standin_resource).

-export([answer/1, http_date/1]).

-define(TEXT, {"Content-Type", "text/plain"}).
-define(HTML, {"Content-Type", "text/html"}).
-define(JSON, {"Content-Type", "application/json"}).
-define(VARY, {"Vary", "Accept-Encoding"}).
-define(METHODS, [<<"GET">>, <<"HEAD">>, <<"PUT">>, <<"POST">>, <<"DELETE">>]).

answer(#{method := Method, path := Path} = Request) ->
    case {lists:member(Method, ?METHODS), standin_service:routed()} of
        {false, _} -> unknown_method(Method);
        {true, false} -> no_such_page();
        {true, true} -> route(verb(Method), parts(Path), Request)
    end.

verb(<<"HEAD">>) -> <<"GET">>;
verb(Method) -> Method.

parts(Path) ->
    [standin_percent:decode(P) || P <- binary:split(Path, <<"/">>, [global]), P =/= <<>>].

route(<<"GET">>, [<<"ping">>], _) ->
    {200, [?HTML], "OK"};
route(<<"GET">>, [<<"stats">>], _) ->
    {200, [?JSON, {"Vary", "Accept, Accept-Encoding"}], standin_json:encode({standin_stats:all()})};
route(Verb, [<<"types">>, Type | Rest], Request) ->
    case standin_ring:type(Type) of
        {ok, _} -> typed(Verb, Type, Rest, Request);
        unknown -> {404, [?TEXT], ["Unknown bucket type: ", Type]}
    end;
route(Verb, [<<"buckets">> | _] = Rest, Request) ->
    typed(Verb, <<"default">>, Rest, Request);
route(Verb, [<<"riak">>, Bucket, Key], Request) ->
    object(Verb, {<<"default">>, Bucket}, Key, Request);
route(_, _, _) ->
    no_such_page().

typed(<<"GET">>, Type, [<<"buckets">>], #{query := Query}) ->
    listing(buckets, Query, standin_kv:buckets(Type));
typed(<<"GET">>, Type, [<<"buckets">>, Bucket, <<"keys">>], #{query := Query}) ->
    listing(keys, Query, standin_kv:keys({Type, Bucket}));
typed(<<"POST">>, Type, [<<"buckets">>, Bucket, <<"keys">>], Request) ->
    Key = fresh_key(),
    Created = store({Type, Bucket}, Key, Request),
    located(Created, Request, Key);
typed(<<"GET">>, Type, [<<"buckets">>, Bucket, <<"props">>], _) ->
    {200, [?JSON, ?VARY], standin_json:encode({[{props, {[{name, Bucket} | lists:sort(props(Type))]}}]})};
typed(<<"GET">>, Type, [<<"props">>], _) ->
    {200, [?JSON, ?VARY], standin_json:encode({[{props, {props(Type)}}]})};
typed(Verb, Type, [<<"buckets">>, Bucket, <<"keys">>, Key], Request) ->
    object(Verb, {Type, Bucket}, Key, Request);
typed(_, _, [<<"buckets">>, _, <<"keys">>, _ | _], _) ->
    {400, [?TEXT], "Invalid link walk query submitted. Valid link walk query format is: "
     "/riak/some_bucket/some_key/<bucket>,<riaktag>,0|1/..."};
typed(_, _, _, _) ->
    no_such_page().

object(<<"GET">>, Typed, Key, #{headers := Headers}) ->
    case standin_kv:get(Typed, Key) of
        {ok, Object} -> show(Object, Typed, maps:get(<<"if-none-match">>, Headers, none));
        notfound -> not_found();
        Error -> failed(Error)
    end;
object(<<"DELETE">>, Typed, Key, _) ->
    case standin_kv:get(Typed, Key) of
        {ok, _} -> deleted(standin_kv:delete(Typed, Key));
        notfound -> not_found();
        Error -> failed(Error)
    end;
object(_, Typed, Key, #{headers := #{<<"if-none-match">> := <<"*">>}} = Request) ->
    case standin_kv:get(Typed, Key) of
        {ok, _} -> {412, [?TEXT], <<>>};
        _ -> store(Typed, Key, Request)
    end;
object(_, Typed, Key, Request) ->
    store(Typed, Key, Request).

store({_, Bucket} = Typed, Key, #{headers := Headers, query := Query, body := Body}) ->
    Type = maps:get(<<"content-type">>, Headers, <<"application/octet-stream">>),
    Meta = [{Name, Value} || {<<"x-riak-meta-", _/binary>> = Name, Value} <- maps:to_list(Headers)],
    case standin_kv:put(Typed, Key, Body, Type, Meta) of
        {ok, Object} ->
            case lists:member({<<"returnbody">>, <<"true">>}, Query) of
                true -> show(Object, Typed, none);
                false -> {204, [{"Content-Type", Type}, ?VARY], <<>>}
            end;
        Error ->
            logger:warning("put to ~ts failed: ~p", [Bucket, Error]),
            failed(Error)
    end.

located({204, Headers, <<>>}, #{path := Path}, Key) ->
    {201, [{"Location", [string:trim(Path, trailing, "/"), $/, Key]} | Headers], <<>>};
located(Answer, _, _) ->
    Answer.

show(Object, {_, Bucket}, Unless) ->
    #{value := Value, type := Type, meta := Meta, time := Time} = Object,
    Etag = iolist_to_binary(standin_object:etag(Object)),
    Headers = [{"X-Riak-Vclock", base64:encode(standin_object:vclock(Object))}, ?VARY, {"ETag", Etag},
               {"Last-Modified", http_date(Time)}, {"Link", ["</buckets/", standin_percent:encode(Bucket), ">; rel=\"up\""]},
               {"Content-Type", Type} | [{["X-Riak-Meta-", Name], V} || {<<_:12/binary, Name/binary>>, V} <- Meta]],
    case Unless of
        Etag -> {304, Headers, <<>>};
        _ -> {200, Headers, Value}
    end.

deleted(ok) -> {204, [?HTML, ?VARY], <<>>};
deleted(Error) -> failed(Error).

listing(Name, Query, {ok, Items}) ->
    case proplists:get_value(atom_to_binary(Name), Query) of
        undefined -> {400, [?TEXT], ["missing ", atom_to_list(Name), "=true"]};
        _ -> {200, [?JSON, ?VARY], standin_json:encode({[{Name, Items}]})}
    end;
listing(_, _, Error) ->
    failed(Error).

fresh_key() ->
    <<N:160>> = standin_sha:hash(term_to_binary({node(), erlang:unique_integer(), os:system_time()})),
    integer_to_binary(N, 36).

props(Type) ->
    {ok, Props} = standin_bucket_type:props(Type),
    standin_types:json(Props).

not_found() ->
    {404, [?TEXT], "not found\n"}.

failed({error, Why}) ->
    {500, [?TEXT], io_lib:format("Error:~n~p~n", [Why])}.

no_such_page() ->
    {404, [?HTML], "<HTML><HEAD><TITLE>404 Not Found</TITLE></HEAD><BODY><H1>Not Found</H1>"
     "The requested document was not found on this server."
     "<P><HR><ADDRESS>mochiweb+webmachine web server</ADDRESS></BODY></HTML>"}.

unknown_method(Method) ->
    {501, [?HTML], ["<html><head><title>501 Not Implemented</title></head><body><h1>Not Implemented</h1>"
                    "The server does not support the \"", Method, "\" method."
                    "<br><P><HR><ADDRESS>mochiweb+webmachine web server</ADDRESS></body></html>"]}.

http_date(Microseconds) ->
    {{Y, M, D} = Date, {H, Min, S}} = calendar:system_time_to_universal_time(Microseconds, microsecond),
    Day = element(calendar:day_of_the_week(Date), {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"}),
    Month = element(M, {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"}),
    io_lib:format("~s, ~2..0b ~s ~4..0b ~2..0b:~2..0b:~2..0b GMT", [Day, D, Month, Y, H, Min, S]).
