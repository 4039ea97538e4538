/*
 * Replays a corpus through a fuzz target without a fuzzer: every file below
 * the directories named. No file at all is a failure.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
replay(const char *path)
{
	FILE *file = fopen(path, "rb");
	if (file == NULL)
		return 0;
	uint8_t *data = NULL;
	size_t size = 0, n;
	uint8_t chunk[4096];
	while ((n = fread(chunk, 1, sizeof(chunk), file)) > 0) {
		data = realloc(data, size + n);
		if (data == NULL)
			abort();
		memcpy(data + size, chunk, n);
		size += n;
	}
	fclose(file);
	/* A fuzzer gives an empty input a pointer too. */
	uint8_t none;
	LLVMFuzzerTestOneInput(data != NULL ? data : &none, size);
	free(data);
	return 1;
}

int
main(int argc, char **argv)
{
	int count = 0;
	for (int i = 1; i < argc; i++) {
		DIR *dir = opendir(argv[i]);
		struct dirent *entry;
		while (dir != NULL && (entry = readdir(dir)) != NULL) {
			char path[4096];
			if (entry->d_name[0] == '.')
				continue;
			snprintf(path, sizeof(path), "%s/%s", argv[i],
			    entry->d_name);
			count += replay(path);
		}
		if (dir != NULL)
			closedir(dir);
	}
	printf("%d inputs replayed\n", count);
	return count > 0 ? 0 : 1;
}
