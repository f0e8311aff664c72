/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_TESTS_KAFKA_HERE_H
#define JC_TESTS_KAFKA_HERE_H

/* The broker that ctest started for all tests with the fixture `kafka`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Its bootstrap address. Where there is none the program ends: skipped (77), or failed when JINCAI_KAFKA=require. */
static inline const char *kafka_address(void)
{
	static char address[256];
	const char *folder = getenv("JINCAI_KAFKA_FOLDER"), *wish = getenv("JINCAI_KAFKA");
	char path[4096];

	snprintf(path, sizeof path, "%s/address", folder ? folder : "build/release/kafka");
	FILE *file = fopen(path, "r");
	if (file && fgets(address, sizeof address, file))
		address[strcspn(address, "\n")] = '\0';
	if (file)
		fclose(file);
	if (*address)
		return address;
	if (wish && strcmp(wish, "require") == 0) {
		fprintf(stderr, "JINCAI_KAFKA=require, but no broker was started (%s)\n", path);
		exit(1);
	}
	printf("skipped: no broker was started (%s)\n", path);
	exit(77);
}

#endif
