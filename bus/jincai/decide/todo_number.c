/* SPDX-License-Identifier: Apache-2.0 */
#include "todo_number.h"

#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "hash.h"

#define DATE_PART 5u                 /* "1123-" */

void todo_number_whole(int64_t day, struct span subject, char ret[TODO_NUMBER_MAX])
{
	uint8_t digest[HASH_SHA256];
	char date[11];

	clock_date(day, date);
	hash_sha256(subject.p, subject.n, digest);
	snprintf(ret, TODO_NUMBER_MAX, "%.2s%.2s-", date + 5, date + 8);
	for (unsigned i = 0; i < HASH_SHA256; i++)
		ret[DATE_PART + i] = (char)('0' + digest[i] % 10);
	ret[DATE_PART + HASH_SHA256] = 0;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static size_t alike(const char *a, const char *b)
{
	size_t n = 0;

	while (a[n] && a[n] == b[n])
		n++;
	return n;
}

void todo_numbers_cut(char **wholes, unsigned n)
{
	size_t before = 0;

	if (n)
		qsort(wholes, n, sizeof *wholes, by_text);
	for (unsigned i = 0; i < n; i++) {
		size_t behind = i + 1 < n ? alike(wholes[i], wholes[i + 1]) : 0;
		size_t keep = (before > behind ? before : behind) + 1;

		if (keep < DATE_PART + TODO_DIGITS_MIN)
			keep = DATE_PART + TODO_DIGITS_MIN;
		if (keep < strlen(wholes[i]))
			wholes[i][keep] = 0;
		before = behind;
	}
}

bool todo_number_is(struct span word)
{
	if (word.n < DATE_PART + TODO_DIGITS_MIN || word.n > DATE_PART + HASH_SHA256)
		return false;
	for (size_t i = 0; i < word.n; i++)
		if (i == DATE_PART - 1 ? word.p[i] != '-' : word.p[i] < '0' || word.p[i] > '9')
			return false;
	return true;
}
