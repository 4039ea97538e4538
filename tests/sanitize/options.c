/*
 * What every program that is built with SANITIZE=… tells its sanitizers.
 * Compiled in, because executors run in an environment that their agent made:
 * no variable reaches them. RM_REPORTS is the folder that reports go to, since
 * what a server writes on stderr is a file that no test reads to its end;
 * RM_LEAKS names the leaks that are not ours; RM_DETECT_LEAKS is 0 for what may
 * leak. A report ends the program, with
 * the code of a bug in it.
 */

#define COMMON "log_path=" RM_REPORTS "/report:log_exe_name=1:exitcode=101:"

const char *__asan_default_options(void);
const char *__ubsan_default_options(void);
const char *__tsan_default_options(void);
const char *__lsan_default_options(void);

/* Tests preload libraries. Where the stack of a leak ends in one that keeps no
 * frame pointers, ASAN_OPTIONS=fast_unwind_on_malloc=0 tells more, ten times
 * slower. */
const char *
__asan_default_options(void)
{
	return COMMON "detect_leaks=" RM_DETECT_LEAKS ":"
	    "detect_stack_use_after_return=1:strict_string_checks=1:"
	    "verify_asan_link_order=0";
}

const char *
__ubsan_default_options(void)
{
	return COMMON "print_stacktrace=1:halt_on_error=1";
}

const char *
__tsan_default_options(void)
{
	return COMMON "second_deadlock_stack=1";
}

const char *
__lsan_default_options(void)
{
	return "suppressions=" RM_LEAKS ":print_suppressions=0";
}
