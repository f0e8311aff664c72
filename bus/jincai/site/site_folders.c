/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <sys/stat.h>

#include "site.h"

/* A folder as the site file calls it, and which one that is. */
struct place {
	const char *name, *folder;
	bool adapter, there;
	struct stat st;
	char *real;                  /* NULL: it is not there */
};

static struct place place_of(const char *name, const char *folder, bool adapter)
{
	struct place p = {.name = name, .folder = folder, .adapter = adapter};

	p.there = folder && stat(folder, &p.st) == 0;
	p.real = p.there ? realpath(folder, NULL) : NULL;
	return p;
}

static bool same(const struct place *a, const struct place *b)
{
	if (a->there && b->there)
		return a->st.st_dev == b->st.st_dev && a->st.st_ino == b->st.st_ino;
	return a->folder && b->folder && strcmp(a->folder, b->folder) == 0;
}

static bool inside(const struct place *in, const struct place *out)
{
	size_t n = out->real ? strlen(out->real) : 0;

	return in->real && n && strncmp(in->real, out->real, n) == 0 && (in->real[n] == '/' || n == 1);
}

static struct conf *entry(struct conf *root, const struct place *p)
{
	return conf_get(conf_get(root, p->adapter ? "adapters" : "destinations"), p->name);
}

static void report_inside(struct conf *root, const struct place *in, const struct place *out, struct findings *f)
{
	conf_report_key(f, entry(root, in), E_SITE_INSIDE, "name=%s\nfolder=%s\nother=%s\nouter=%s", in->name,
		in->folder, out->name, out->folder);
}

/* Two that take from one folder, two banks that hand over into one, or a receiver that hands to us what we handed to it, are
 * never meant. Adapters may take from a folder inside of another's: none looks below its own. */
void site_check_folders(const struct site *s, struct conf *root, struct findings *f)
{
	unsigned n = s->nadapters + s->ndestinations;
	struct place *all = mem_new((n + 1u) * sizeof *all);

	for (unsigned i = 0; i < n; i++) {
		const struct site_destination *d = i < s->nadapters ? NULL : &s->destinations[i - s->nadapters];

		all[i] = d ? place_of(d->name, d->folder, false) : place_of(s->adapters[i].name, s->adapters[i].folder, true);
		for (unsigned k = 0; k < i; k++)
			if (same(&all[i], &all[k]))
				conf_report_key(f, entry(root, &all[i]), E_SITE_TWICE, "name=%s", all[i].folder);
			else if (d && inside(&all[i], &all[k]))
				report_inside(root, &all[i], &all[k], f);
			else if (d && inside(&all[k], &all[i]))
				report_inside(root, &all[k], &all[i], f);
	}
	for (unsigned i = 0; i < n; i++)
		free(all[i].real);
	free(all);
}
