%% bin/cuttlefish: riak.conf and advanced.config become the VM's app.*.config and vm.*.args.
-module(standin_generate).

-export([main/0]).

-define(HISTORY, 3).

main() ->
    Options = options(init:get_plain_arguments(), #{e => "./etc", d => "./generated.conf", s => "./share/schema"}),
    try generate(Options) of
        {Config, Args} ->
            io:format(" -config ~ts -args_file ~ts -vm_args ~ts ~n", [Config, Args, Args]),
            halt(0)
    catch
        throw:Errors ->
            [io:format("~s [error] ~ts~n", [clock(), E]) || E <- Errors],
            halt(1)
    end.

options([[$-, Letter], Value | Rest], Options) -> options(Rest, Options#{list_to_atom([Letter]) => Value});
options(_, Options) -> Options.

clock() ->
    {H, M, S} = time(),
    io_lib:format("~2..0b:~2..0b:~2..0b.000", [H, M, S]).

generate(#{e := Etc, d := Dest, s := SchemaDir} = Options) ->
    Schema = good(standin_schema:load(SchemaDir)),
    Conf = good(standin_conf:read(maps:get(c, Options, filename:join(Etc, "riak.conf")))),
    ok = known(Conf, Schema),
    Rendered = with_backends(render(Conf, Schema), Conf),
    Final = overlay(Rendered, advanced(filename:join(Etc, "advanced.config"))),
    write(filename:absname(Dest), Final).

good({ok, Value}) -> Value;
good({error, Why}) -> throw([Why]).

known(Conf, Schema) ->
    case [K || K <- lists:sort(maps:keys(Conf)), standin_schema:find(K, Schema) =:= unknown] of
        [] ->
            ok;
        Unknown ->
            throw(["Error generating configuration in phase transform_datatypes"
                   | [["Conf file attempted to set unknown variable: ", K] || K <- Unknown]])
    end.

%% [{App, [{Name, Value}]}]; a listener's name is the variable part of its key, so one setting may have many values.
render(Conf, Schema) ->
    Settings = [S || {setting, _, _, _, _, _} = S <- standin_schema:settings(Schema)],
    Flat = lists:append([values(S, Conf, Schema) || S <- Settings]),
    Apps = lists:usort([App || {App, _, _} <- Flat]),
    [{App, gather([{Name, V} || {A, Name, V} <- Flat, A =:= App])} || App <- Apps].

gather(Pairs) ->
    Names = lists:uniq([N || {N, _} <- Pairs]),
    [case Name of
         {many, N} -> {N, [V || {P, V} <- Pairs, P =:= Name]};
         N -> {N, proplists:get_value(N, Pairs)}
     end || Name <- Names].

values({setting, Pattern, Type, Default, App, Name}, Conf, Schema) ->
    Mine = [{K, V} || {K, V} <- lists:sort(maps:to_list(Conf)),
                      {ok, {setting, P, _, _, _, _}} <- [standin_schema:find(K, Schema)], P =:= Pattern],
    Texts = case Mine of
                [] when Default =:= none -> [];
                [] -> [{Pattern, Default}];
                _ -> Mine
            end,
    [{App, Name, converted(K, Type, substituted(V, Conf, Schema))} || {K, V} <- Texts].

converted(Key, Type, Text) ->
    case standin_schema:convert(Type, Text) of
        {ok, Value} -> Value;
        {error, Why} -> throw(["Error generating configuration in phase transform_datatypes",
                               ["Error transforming datatype for: ", Key], Why])
    end.

%% $(platform_data_dir) and its like.
substituted(Text, Conf, Schema) ->
    case re:run(Text, "^(.*)\\$\\(([^)]*)\\)(.*)$", [{capture, all_but_first, list}]) of
        {match, [Before, Key, After]} ->
            Value = case {Conf, standin_schema:find(Key, Schema)} of
                        {#{Key := V}, _} -> V;
                        {_, {ok, {setting, _, _, D, _, _}}} -> D;
                        _ -> throw([["substitution requires a config variable '", Key, "' to be set"]])
                    end,
            substituted(Before ++ Value ++ After, Conf, Schema);
        nomatch ->
            Text
    end.

%% storage_backend = multi: each backend's name, module and data_root.
with_backends(Config, Conf) ->
    Kv = proplists:get_value(riak_kv, Config),
    Backend = module(proplists:get_value(storage_backend, Kv)),
    Names = lists:usort([N || ["multi_backend", N, "storage_backend"] <- [string:split(K, ".", all) || K <- maps:keys(Conf)]]),
    Data = proplists:get_value(platform_data_dir, proplists:get_value(riak_core, Config)),
    Multi = [{multi_backend, [one_of_many(N, Conf, Data) || N <- Names]} || Names =/= []],
    lists:keystore(riak_kv, 1, Config, {riak_kv, lists:keystore(storage_backend, 1, Kv, {storage_backend, Backend}) ++ Multi}).

one_of_many(Name, Conf, Data) ->
    Prefix = "multi_backend." ++ Name ++ ".",
    Kind = maps:get(Prefix ++ "storage_backend", Conf),
    Root = maps:get(Prefix ++ Kind ++ ".data_root", Conf, filename:join(Data, Kind ++ "_" ++ Name)),
    {list_to_binary(Name), module(list_to_atom(Kind)), [{data_root, substituted(Root, Conf, [])}]}.

module(leveldb) -> riak_kv_eleveldb_backend;
module(prefix_multi) -> riak_kv_multi_prefix_backend;
module(Kind) -> list_to_atom("riak_kv_" ++ atom_to_list(Kind) ++ "_backend").

advanced(File) ->
    case file:consult(File) of
        {ok, [Config]} when is_list(Config) -> Config;
        {ok, Terms} -> throw([io_lib:format("Error parsing ~ts, incorrect format: ~p", [File, Terms])]);
        {error, enoent} -> [];
        {error, Why} -> throw([io_lib:format("Error parsing ~ts: ~ts", [File, file:format_error(Why)])])
    end.

%% advanced.config wins over riak.conf, setting by setting.
overlay(Config, Advanced) ->
    lists:foldl(fun({App, Settings}, Acc) ->
                        Old = proplists:get_value(App, Acc, []),
                        New = lists:foldl(fun({K, _} = S, A) -> lists:keystore(K, 1, A, S) end, Old, Settings),
                        lists:keystore(App, 1, Acc, {App, New})
                end, Config, Advanced).

write(Dest, Config) ->
    Stamp = stamp(calendar:local_time()),
    App = filename:join(Dest, "app." ++ Stamp ++ ".config"),
    Vm = filename:join(Dest, "vm." ++ Stamp ++ ".args"),
    case filelib:ensure_dir(App) of
        ok -> ok;
        {error, Why} -> throw([io_lib:format("Error creating ~ts: ~ts", [Dest, file:format_error(Why)])])
    end,
    prune(Dest, "app.*.config"),
    prune(Dest, "vm.*.args"),
    Arguments = proplists:get_value(vm_args, Config, []),
    written(App, io_lib:format("~tp.~n", [with_logger(proplists:delete(vm_args, Config))])),
    written(Vm, [[atom_to_list(Flag), $\s, argument(V), $\n] || {Flag, V} <- Arguments]),
    {App, Vm}.

%% kernel's own form of logger.file.
with_logger(Config) ->
    {value, {log_file, File}, Kernel} = lists:keytake(log_file, 1, proplists:get_value(kernel, Config)),
    Handler = #{config => #{file => File, max_no_bytes => 1048576, max_no_files => 10},
                filters => [{progress, {fun logger_filters:progress/2, stop}}],
                formatter => {logger_formatter, #{template => [time, " [", level, "] ", pid, " ", msg, "\n"]}}},
    Logger = {logger, [{handler, default, logger_std_h, Handler}]},
    lists:keystore(kernel, 1, Config, {kernel, [Logger | Kernel]}).

argument(Text) when is_list(Text) -> Text;
argument(Value) -> io_lib:format("~p", [Value]).

stamp({{Y, Mo, D}, {H, Mi, S}}) ->
    lists:flatten(io_lib:format("~4..0b.~2..0b.~2..0b.~2..0b.~2..0b.~2..0b", [Y, Mo, D, H, Mi, S])).

prune(Dest, Pattern) ->
    Old = lists:sort(filelib:wildcard(Pattern, Dest)),
    Excess = lists:sublist(Old, max(0, length(Old) - ?HISTORY + 1)),
    lists:foreach(fun(F) -> file:delete(filename:join(Dest, F)) end, Excess).

written(Path, Text) ->
    case standin_disk:replace(Path, unicode:characters_to_binary(Text)) of
        ok -> ok;
        {error, Why} -> throw([io_lib:format("Error writing ~ts: ~ts", [Path, file:format_error(Why)])])
    end.
