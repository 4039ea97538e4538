# The one Makefile: GNU make, no recursion, no configure step.
#
#   make deps         install what is missing (Debian packages)
#   make              build everything into build/
#   make check        deps, build, and all tests but the long ones
#   make quickstart   deps, build, and run a node on this machine
#   make integration  the long tests: chaos, soak
#
# PREFIX, UNITDIR, DESTDIR, SANITIZE=address,undefined, WERROR=1, CC and B (the
# build directory) are honoured.
PREFIX ?= /usr/local
UNITDIR ?= $(PREFIX)/lib/systemd/system
# A build under a sanitizer has a folder of its own.
comma := ,
B ?= build$(if $(SANITIZE),/$(subst $(comma),-,$(SANITIZE)))
CC = gcc
VERSION = 0.1.0

PACKAGES = gcc make pkg-config libc6-dev libevent-dev libcurl4-openssl-dev \
	libjq-dev libonig-dev jq libzookeeper-st-dev libprotobuf-c-dev \
	protobuf-c-compiler libarchive-dev libssl-dev zookeeper \
	default-jre-headless erlang-base bats bats-support bats-assert \
	libcmocka-dev mandoc shellcheck zsh fish curl procps iproute2 openssl \
	systemd
# What only some targets need; each asks for it by itself.
FUZZ_PACKAGES = clang libclang-rt-14-dev
ANALYZE_PACKAGES = clang-tidy cppcheck clang-tools
VALGRIND_PACKAGES = valgrind libc6-dbg
FORMAT_PACKAGES = clang-format
DEB_PACKAGES = build-essential debhelper lintian
BENCH_PACKAGES = haproxy wrk
BROWSER_PACKAGES = chromium-headless-shell

PROGRAMS = $(patsubst cmd/%.c,$(B)/bin/%,$(wildcard cmd/*.c))
# What protoc-c makes of our messages.
PROTO = scheduler
PROTO_OBJECTS = $(PROTO:%=$(B)/gen/%.pb-c.o)
LIB_OBJECTS = $(patsubst lib/%.c,$(B)/lib/%.o,$(wildcard lib/*/*.c)) \
	$(PROTO_OBJECTS)
UNITS = $(patsubst tests/unit/%.c,$(B)/tests/%,$(wildcard tests/unit/*_test.c))
PRELOADS = $(patsubst tests/preload/%.c,$(B)/preload/%.so,$(wildcard tests/preload/*.c))
TOOLS = $(patsubst tests/tools/%.c,$(B)/tools/%,$(wildcard tests/tools/*.c))
FUZZERS = $(patsubst tests/fuzz/%.c,$(B)/fuzz/%,$(wildcard tests/fuzz/*_fuzz.c))
FUZZ_OBJECTS = $(patsubst lib/%.c,$(B)/fuzz/lib/%.o,$(wildcard lib/*/*.c)) \
	$(PROTO_OBJECTS)
BEAMS = $(patsubst lib/riak/%.erl,$(B)/ebin/%.beam,$(wildcard lib/riak/*.erl))
BATS = $(sort $(wildcard tests/*.bats))
LONG_BATS = $(sort $(wildcard tests/integration/*.bats))
# Of these `make check` has a sample; a short round is of the others.
SAMPLED_BATS = tests/integration/serving.bats tests/integration/starting.bats
PAGES = $(sort $(wildcard man/*.[1-9]))
UNITS_SYSTEMD = $(sort $(wildcard examples/systemd/*.service \
	examples/systemd/*.socket))
SHELL_FILES = $(sort .ci/run $(wildcard tests/*.sh tests/*.bash \
	examples/*.sh examples/*/*.sh tests/*/*.sh tests/*/*.bash \
	tests/bench/run tests/bench/load completions/*.bash))
SHELLCHECK = shellcheck -x -S warning $(SHELL_FILES)
LIBS = $(SANITIZE_OPTIONS) -lzookeeper_st -levent_openssl -levent_extra -levent_core -lcurl \
	-larchive -lprotobuf-c -lssl -lcrypto -ljq -lonig -lm

WARNINGS = -Wall -Wextra -Wshadow -Wpointer-arith -Wcast-qual \
	-Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition \
	-Wwrite-strings -Wundef -Wvla -Wformat=2 -Wimplicit-fallthrough \
	-Wdouble-promotion -Wnull-dereference -Wno-missing-field-initializers
HARDENING = -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
CFLAGS ?= -O2 -g
ALL_CPPFLAGS = -D_GNU_SOURCE -DRM_VERSION='"$(VERSION)"' -Ilib -I$(B)/gen \
	$(CPPFLAGS)
ALL_CFLAGS = -std=c11 $(WARNINGS) $(CFLAGS)
ALL_LDFLAGS = -pie -Wl,-z,relro,-z,now,--as-needed $(LDFLAGS)
ifdef SANITIZE
# The checks that are woven in make gcc warn of what is not in the source.
ALL_CFLAGS += -fPIE -fsanitize=$(SANITIZE) -fno-omit-frame-pointer \
	-Wno-format-truncation -Wno-null-dereference
# As libraries, each runtime would have a report path of its own.
ALL_LDFLAGS += -fsanitize=$(SANITIZE) -static-libasan -static-libubsan
SANITIZE_OPTIONS = $(B)/sanitize/options.o
# What a tool of the tests holds when it ends is nobody's loss.
$(B)/tools/%: SANITIZE_OPTIONS = $(B)/sanitize/no_leaks.o
export RM_SANITIZE = $(SANITIZE)
export RM_REPORTS = $(abspath $(B))/reports
else
ALL_CFLAGS += $(HARDENING) $(if $(WERROR),-Werror)
endif
COMPILE = $(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -MMD -MP
# A test may write the argv of a child as literals.
COMPILE_TEST = $(COMPILE) -Wno-write-strings

.PHONY: all check unit corpus hardened lint bats integration valgrind fuzz bench \
	bench-load analyze objects format deps install uninstall quickstart dist deb html soak clean
.DELETE_ON_ERROR:
.SECONDARY:

all: $(PROGRAMS) $(BEAMS) $(B)/rm-executor.tar.gz

$(B)/bin/%: $(B)/cmd/%.o $(B)/librm.a
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $< $(B)/librm.a $(LIBS)

$(B)/librm.a: $(LIB_OBJECTS)
	@rm -f $@
	ar rcs $@ $(LIB_OBJECTS)

$(B)/lib/%.o: lib/%.c
	@mkdir -p $(@D)
	$(COMPILE) -c -o $@ $<

$(B)/gen/%.pb-c.c $(B)/gen/%.pb-c.h: lib/mesos/%.proto
	@mkdir -p $(@D)
	protoc-c --proto_path=$(<D) --c_out=$(@D) $<

# Not ours to be warned of.
$(B)/gen/%.pb-c.o: $(B)/gen/%.pb-c.c
	$(COMPILE) -w -c -o $@ $<

$(B)/lib/mesos/wire.o $(B)/fuzz/lib/mesos/wire.o: $(B)/gen/scheduler.pb-c.h

# Linked by itself: of an archive it would not be taken, since the runtimes have
# a weak one.
$(B)/librm.a: $(if $(SANITIZE),$(B)/sanitize/options.o $(B)/sanitize/no_leaks.o)
$(B)/sanitize/options.o $(B)/sanitize/no_leaks.o: tests/sanitize/options.c
	@mkdir -p $(@D) $(RM_REPORTS)
	$(COMPILE) -DRM_REPORTS='"$(RM_REPORTS)"' \
	    -DRM_LEAKS='"$(abspath tests/leaks.supp)"' \
	    -DRM_DETECT_LEAKS='"$(if $(findstring no_leaks,$@),0,1)"' -c -o $@ $<

$(B)/cmd/%.o: cmd/%.c
	@mkdir -p $(@D)
	$(COMPILE) -c -o $@ $<

$(B)/ebin/%.beam: lib/riak/%.erl
	@mkdir -p $(@D)
	erlc -Werror +r22 -o $(@D) $<

$(B)/tests/%_test: tests/unit/%_test.c $(B)/librm.a
	@mkdir -p $(@D)
	$(COMPILE_TEST) $(ALL_LDFLAGS) -o $@ $< $(B)/librm.a -lcmocka $(LIBS)

$(B)/tools/%: tests/tools/%.c $(B)/librm.a
	@mkdir -p $(@D)
	$(COMPILE) $(ALL_LDFLAGS) -o $@ $< $(B)/librm.a $(LIBS)

# Libraries that tests preload, to make calls fail.
$(B)/preload/%.so: tests/preload/%.c
	@mkdir -p $(@D)
	$(CC) -std=c11 -D_GNU_SOURCE $(WARNINGS) $(if $(WERROR),-Werror) -O1 -g \
	    -fPIC -fno-builtin -shared -o $@ $< -ldl

# The archive that agents fetch: our programs for the sandbox, with all that
# they need of a host. Sanitizers want the symbols.
AGENT_PROGRAMS = $(filter %/rm-executor %/rm-cepmd %/rm-riak,$(PROGRAMS))
$(B)/rm-executor.tar.gz: $(AGENT_PROGRAMS) $(BEAMS) examples/bundle.sh
	@rm -rf $(B)/archive
	$(if $(SANITIZE),STRIP=:) examples/bundle.sh $(B)/archive/rm-executor \
	    $(AGENT_PROGRAMS)
	mkdir $(B)/archive/rm-executor/ebin
	cp $(BEAMS) $(B)/archive/rm-executor/ebin/
	tar -C $(B)/archive --owner=0 --group=0 --sort=name -czf $@ rm-executor
	@rm -rf $(B)/archive

$(B)/riak-standin.tar.gz: tests/standin-riak/package.sh \
	$(wildcard tests/standin-riak/*/*)
	@mkdir -p $(@D)
	tests/standin-riak/package.sh $@

-include $(LIB_OBJECTS:.o=.d) $(FUZZ_OBJECTS:.o=.d) \
	$(PROGRAMS:$(B)/bin/%=$(B)/cmd/%.d) \
	$(UNITS:=.d) $(TOOLS:=.d)

# ---- tests ----

export RM_BIN = $(abspath $(B))/bin
export RM_TOOLS = $(abspath $(B))/tools
export RM_BUILD = $(abspath $(B))

# In parts that run to their end, so that the totals are of all tests.
check: deps
	tests/run.sh $(MAKE) WERROR=1

unit: $(UNITS)

# The fuzz targets' corpora, replayed without a fuzzer.
$(B)/corpus/%_fuzz: tests/fuzz/%_fuzz.c tests/fuzz/replay.c $(B)/librm.a
	@mkdir -p $(@D)
	$(COMPILE) $(ALL_LDFLAGS) -o $@ $< tests/fuzz/replay.c $(B)/librm.a \
	    $(LIBS)

corpus: $(patsubst $(B)/fuzz/%,$(B)/corpus/%,$(FUZZERS))

bats: all $(TOOLS) $(PRELOADS) $(B)/riak-standin.tar.gz

# Programs under a sanitizer are for tests only, and are not hardened.
hardened: all
	$(if $(SANITIZE),,tests/hardened.sh $(PROGRAMS))

lint:
	mandoc -Tlint -W warning $(PAGES)
	$(SHELLCHECK)

integration: deps bats
	@$(call install,$(BROWSER_PACKAGES))
	BATS_JOBS=$(if $(SHORT),3,1) tests/bats.sh \
	    $(if $(SHORT),$(filter-out $(SAMPLED_BATS),$(LONG_BATS)),$(LONG_BATS))

soak: deps bats
	SOAK_HOURS=$(or $(HOURS),1) bats --timing tests/integration/soak.bats

# ---- fuzzing and analysis ----

# Suppressions: none is needed.
valgrind: deps
	@$(call install,$(VALGRIND_PACKAGES))
	$(MAKE) WERROR=1 unit
	tests/valgrind.sh

# Seconds a target, and the target if it is to be one: TARGET=http.
FUZZTIME ?= 60
FUZZ_TARGETS = $(if $(TARGET),$(TARGET:%=$(B)/fuzz/%_fuzz),$(FUZZERS))
FUZZ_FLAGS = -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer

$(B)/fuzz/lib/%.o: lib/%.c
	@mkdir -p $(@D)
	clang -std=c11 -g -O1 $(ALL_CPPFLAGS) $(FUZZ_FLAGS) -MMD -MP -c -o $@ $<

$(B)/fuzz/librm.a: $(FUZZ_OBJECTS)
	@rm -f $@
	ar rcs $@ $^

$(B)/fuzz/%_fuzz: tests/fuzz/%_fuzz.c $(B)/fuzz/librm.a
	clang -std=c11 -g -O1 $(ALL_CPPFLAGS) $(FUZZ_FLAGS) -o $@ $< \
	    $(B)/fuzz/librm.a $(LIBS)

# What is found grows below $(B)/fuzz; an input that fails is kept there, too.
# libjq 1.6 loses a few bytes on some bad JSON: its leaks are not ours to find.
fuzz:
	@$(call install,$(FUZZ_PACKAGES))
	$(MAKE) $(FUZZ_TARGETS)
	for f in $(FUZZ_TARGETS); do n=$$(basename $$f _fuzz); \
	    echo "== $$n"; mkdir -p $(B)/fuzz/corpus-$$n; \
	    ASAN_OPTIONS=detect_leaks=0 $$f -max_total_time=$(FUZZTIME) \
	    -detect_leaks=0 -print_final_stats=1 \
	    -artifact_prefix=$(B)/fuzz/$$n- $(FUZZ_OPTIONS) \
	    $(B)/fuzz/corpus-$$n tests/fuzz/corpus/$$n || exit 1; done

# Only to be looked at: every object of ours, none of protoc-c's.
objects: $(filter-out $(PROTO_OBJECTS),$(LIB_OBJECTS)) \
	$(PROGRAMS:$(B)/bin/%=$(B)/cmd/%.o)

# Each tool sees every file and ends the whole at what it finds; in the order of
# how long they take. Nothing of an earlier run is kept.
ANALYZED = $(wildcard cmd/*.c lib/*/*.c)
JOBS := $(shell nproc)
analyze: deps
	@$(call install,$(ANALYZE_PACKAGES))
	@rm -rf $(B)/analyze
	$(SHELLCHECK)
	cppcheck --quiet --error-exitcode=1 -j $(JOBS) --std=c11 -D_GNU_SOURCE \
	    -DRM_VERSION='""' -Ilib --include=/usr/include/jv.h \
	    --include=/usr/include/$(shell $(CC) -print-multiarch)/sys/queue.h \
	    --enable=warning,portability --inline-suppr $(ANALYZED)
	$(MAKE) -j $(JOBS) B=$(B)/analyze/gcc CC=gcc CFLAGS='-O1 -fanalyzer' \
	    WERROR=1 objects
	printf '%s\n' $(ANALYZED) | xargs -P $(JOBS) -I{} \
	    clang-tidy --quiet {} -- -std=c11 $(ALL_CPPFLAGS) \
	    -I$(B)/analyze/gcc/gen
	scan-build --use-cc=gcc --status-bugs -o $(B)/analyze/reports \
	    sh -c '$(MAKE) -j $(JOBS) B=$(B)/analyze/clang CC="$$CC" objects'

bench: deps bats
	@$(call install,$(BENCH_PACKAGES))
	tests/bench/run

# Minutes: a scheduler with 1,000 nodes on 10,000 agents, and with a tenth.
bench-load: deps bats
	tests/bench/load

format:
	@$(call install,$(FORMAT_PACKAGES))
	clang-format -i $(wildcard cmd/*.c lib/*/*.[ch] tests/*/*.[ch])

# ---- installing ----

# install(packages): those that are missing, with apt where it may.
install = missing=$$(dpkg-query -W -f='$${Package} $${Status}\n' $(1) \
	2>/dev/null | awk '/ok installed$$/ {print $$1}' | \
	sort | comm -13 - <(printf '%s\n' $(1) | sort)); \
	[ -z "$$missing" ] || tests/install.sh $$missing
SHELL = /bin/bash

deps:
	@$(call install,$(PACKAGES))

install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/riak-mesos \
	    $(DESTDIR)$(PREFIX)/share/bash-completion/completions \
	    $(DESTDIR)$(PREFIX)/share/zsh/site-functions \
	    $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
	install -m 755 $(PROGRAMS) $(DESTDIR)$(PREFIX)/bin
	install -m 644 $(BEAMS) $(B)/rm-executor.tar.gz \
	    $(DESTDIR)$(PREFIX)/lib/riak-mesos
	for p in $(PAGES); do s=$${p##*.}; \
	    install -D -m 644 $$p $(DESTDIR)$(PREFIX)/share/man/man$$s/$${p##*/} \
	    || exit 1; done
	for p in $(notdir $(PROGRAMS)); do \
	    install -m 644 completions/riak-mesos.bash \
	    $(DESTDIR)$(PREFIX)/share/bash-completion/completions/$$p \
	    || exit 1; done
	install -m 644 completions/_riak-mesos \
	    $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_riak-mesos
	install -m 644 completions/riak-mesos.fish \
	    $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/riak-mesos.fish
	install -d $(DESTDIR)$(UNITDIR) \
	    $(DESTDIR)$(PREFIX)/lib/sysusers.d $(DESTDIR)$(PREFIX)/lib/tmpfiles.d
	for u in $(UNITS_SYSTEMD); do sed 's|/usr/bin/|$(PREFIX)/bin/|' $$u \
	    >$(DESTDIR)$(UNITDIR)/$${u##*/} || exit 1; done
	install -m 644 examples/systemd/sysusers.conf \
	    $(DESTDIR)$(PREFIX)/lib/sysusers.d/riak-mesos.conf
	install -m 644 examples/systemd/tmpfiles.conf \
	    $(DESTDIR)$(PREFIX)/lib/tmpfiles.d/riak-mesos.conf

uninstall:
	rm -f $(addprefix $(DESTDIR)$(PREFIX)/bin/,$(notdir $(PROGRAMS))) \
	    $(addprefix $(DESTDIR)$(PREFIX)/share/bash-completion/completions/,$(notdir $(PROGRAMS))) \
	    $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_riak-mesos \
	    $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/riak-mesos.fish
	for p in $(PAGES); do s=$${p##*.}; \
	    rm -f $(DESTDIR)$(PREFIX)/share/man/man$$s/$${p##*/}; done
	rm -rf $(DESTDIR)$(PREFIX)/lib/riak-mesos
	rm -f $(addprefix $(DESTDIR)$(UNITDIR)/,$(notdir $(UNITS_SYSTEMD))) \
	    $(DESTDIR)$(PREFIX)/lib/sysusers.d/riak-mesos.conf \
	    $(DESTDIR)$(PREFIX)/lib/tmpfiles.d/riak-mesos.conf

quickstart: deps bats
	examples/quickstart.sh

# One archive that runs on any glibc host of this architecture.
dist: all
	examples/dist.sh $(B) $(VERSION)

deb: deps
	@$(call install,$(DEB_PACKAGES))
	examples/deb.sh $(B) $(VERSION)

# Links go to our pages, those that are in the folder where mandoc runs, or to
# Debian's copy of another program's.
html: $(PAGES)
	rm -rf $(B)/html && mkdir -p $(B)/html
	cd man && for p in $(notdir $(PAGES)); do mandoc -Thtml \
	    '-Oman=%N.%S.html;https://manpages.debian.org/%N.%S' $$p \
	    >$(abspath $(B))/html/$$p.html || exit 1; done
	cp $(B)/html/riak-mesos.7.html $(B)/html/index.html

clean:
	rm -rf $(B)
