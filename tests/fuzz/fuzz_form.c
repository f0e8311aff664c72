/* SPDX-License-Identifier: Apache-2.0 */
/* The form compiler on any bytes: it loads or says what is wrong, and a form that loads reads any file without harm. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "input.h"
#include "reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct library *library(void)
{
	static const char key[32];
	struct library *l = library_new();

	library_add(l, SOURCE_DIR);
	l->key = hash_key_new(key, sizeof key);
	return l;
}

static void read_all(struct library *l, const struct form *form, struct text_input *file)
{
	struct reader_setup setup = {.form = form, .library = l, .input = &file->in, .shown = "fuzz",
		.name = SPAN("gz_202612_001.txt"), .digest = SPAN("0")};
	struct reader_prover *p = reader_prover_new(form, "fuzz");
	struct reader *r = NULL;
	struct reading g = {0};
	struct buf out = BUF_INIT;
	struct err e;

	if (reader_open(&setup, &r, &e) == 0)
		do {
			if (reader_next(r, &g, &e) != 0 || reader_prove(p, r, &g, &e) != 0)
				break;
			buf_clear(&out);
			for (unsigned i = 0; i < g.nevents && !g.bad.id; i++)
				reader_data(r, &g.events[i], &out);
			reader_save(r, &out);
		} while (g.kind != READ_END);
	buf_done(&out);
	reader_close(r);
	reader_prover_free(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct library *l;
	const uint8_t *nul = memchr(data, 0, size);
	size_t n = nul ? (size_t)(nul - data) : size;
	char path[64];
	struct findings f;
	struct form *form;
	FILE *to;

	if (!l)
		l = library();
	snprintf(path, sizeof path, "/tmp/fuzz_form.%d.yaml", (int)getpid());
	to = fopen(path, "w");
	if (!to)
		return 0;
	fwrite(data, 1, n, to);
	fclose(to);
	findings_init(&f);
	form = form_load(l, path, &f);
	if (form && !form->outward) {
		/* The form stands before the first NUL byte, a file for it behind. */
		const struct span text = {(const char *)data + n + (nul != NULL), size - n - (nul != NULL)};
		struct text_input file = text_input(text, 0);

		read_all(l, form, &file);
	}
	form_free(form);
	findings_done(&f);
	unlink(path);
	return 0;
}
