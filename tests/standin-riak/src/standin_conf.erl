%% riak.conf: lines `key = value`, from # on a comment; of a key set twice the last one counts.
-module(standin_conf).

-export([read/1]).

%% {ok, #{Key => Value}} or {error, Text}.
read(File) ->
    case file:read_file(File) of
        {ok, Bytes} -> lines(File, string:split(Bytes, "\n", all), 1, #{});
        {error, Why} -> {error, io_lib:format("Could not open file (~ts) for Reason ~s", [File, Why])}
    end.

lines(_, [], _, Settings) ->
    {ok, Settings};
lines(File, [Line | Rest], Number, Settings) ->
    case setting(hd(binary:split(Line, <<"#">>))) of
        none -> lines(File, Rest, Number + 1, Settings);
        {Key, Value} -> lines(File, Rest, Number + 1, Settings#{Key => Value});
        bad -> {error, io_lib:format("Syntax error in ~ts after line ~b column 1, parsing incomplete", [File, Number - 1])}
    end.

setting(Line) ->
    case string:trim(Line) of
        <<>> -> none;
        Text -> pair(binary:split(Text, <<"=">>))
    end.

pair([Name, Text]) ->
    Key = string:trim(Name),
    Value = string:trim(Text),
    case re:run(Key, "^[A-Za-z0-9_%-]+(\\.[A-Za-z0-9_%-]+)*$", [{capture, none}]) of
        match when Value =/= <<>> -> {binary_to_list(Key), binary_to_list(Value)};
        _ -> bad
    end;
pair(_) ->
    bad.
