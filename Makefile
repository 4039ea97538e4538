# The one Makefile: GNU make, no recursion, no configure step.
#
#   make deps        install what is missing (Debian packages)
#   make             build everything into build/
#   make check       deps, build, and all tests
#   make quickstart  deps, build, and run a cluster on this machine
#
# PREFIX, DESTDIR, SANITIZE=address,undefined, WERROR=1 and CC are honoured.

PREFIX ?= /usr/local
B ?= build
CC = gcc
VERSION = 0.1.0

PACKAGES = gcc make pkg-config libc6-dev libevent-dev libcurl4-openssl-dev \
	libjq-dev jq libzookeeper-st-dev libprotobuf-c-dev \
	protobuf-c-compiler libarchive-dev libssl-dev zookeeper \
	default-jre-headless erlang-base bats bats-support bats-assert \
	libcmocka-dev mandoc shellcheck curl procps iproute2

PROGRAMS = $(patsubst cmd/%.c,$(B)/bin/%,$(wildcard cmd/*.c))
LIB_OBJECTS = $(patsubst lib/%.c,$(B)/lib/%.o,$(wildcard lib/*/*.c))
UNITS = $(patsubst tests/unit/%.c,$(B)/tests/%,$(wildcard tests/unit/*_test.c))
BEAMS = $(patsubst lib/riak/%.erl,$(B)/ebin/%.beam,$(wildcard lib/riak/*.erl))
# A fresh checkout has to find its headers through the system's own paths.
LIBS = -lzookeeper_st -levent_openssl -levent_extra -levent_core -lcurl \
	-larchive -lprotobuf-c -lssl -lcrypto -ljq -lm

WARNINGS = -Wall -Wextra -Wshadow -Wpointer-arith -Wcast-qual \
	-Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition \
	-Wwrite-strings -Wundef -Wvla -Wformat=2 -Wimplicit-fallthrough \
	-Wdouble-promotion -Wnull-dereference -Wduplicated-cond \
	-Wlogical-op -Wno-missing-field-initializers
HARDENING = -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
CFLAGS ?= -O2 -g
CPPFLAGS += -D_GNU_SOURCE -DRM_VERSION='"$(VERSION)"' \
	-DRM_PREFIX='"$(PREFIX)"' -Ilib
ALL_CFLAGS = -std=c11 $(WARNINGS) $(if $(WERROR),-Werror) $(CFLAGS)
ALL_LDFLAGS = -pie -Wl,-z,relro,-z,now,--as-needed $(LDFLAGS)
ifdef SANITIZE
ALL_CFLAGS += -fPIE -fsanitize=$(SANITIZE) -fno-omit-frame-pointer
ALL_LDFLAGS += -fsanitize=$(SANITIZE)
else
ALL_CFLAGS += $(HARDENING)
endif

.PHONY: all check unit integration fuzz bench analyze format deps install \
	uninstall quickstart dist deb html soak clean
.DELETE_ON_ERROR:
.SECONDARY:

all: $(PROGRAMS) $(BEAMS)

$(B)/bin/%: $(B)/cmd/%.o $(B)/librm.a
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $< $(B)/librm.a $(LIBS)

$(B)/librm.a: $(LIB_OBJECTS)
	@rm -f $@
	ar rcs $@ $^

$(B)/lib/%.o: lib/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(B)/cmd/%.o: cmd/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(B)/ebin/%.beam: lib/riak/%.erl
	@mkdir -p $(@D)
	erlc -Werror +r22 -o $(@D) $<

$(B)/tests/%_test: tests/unit/%_test.c $(B)/librm.a
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP $(ALL_LDFLAGS) -o $@ $< \
	    $(B)/librm.a -lcmocka $(LIBS)

-include $(LIB_OBJECTS:.o=.d) $(PROGRAMS:$(B)/bin/%=$(B)/cmd/%.d) \
	$(UNITS:=.d)

unit: $(UNITS)
	@for t in $(UNITS); do $$t || exit 1; done

format:
	clang-format -i $(wildcard cmd/*.c lib/*/*.[ch] tests/unit/*.c)

clean:
	rm -rf $(B)
