/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_FORM_H
#define JC_FORM_H

#include "amount.h"
#include "codec.h"
#include "library.h"
#include "map.h"
#include "pattern.h"
#include "wraps/wrap.h"

/*
 * A form: one layout that one party speaks, in one direction, compiled from its YAML file (docs/language.md is the
 * reference of the keys). Inward it makes events of one or several types of one system from a batch of records; outward
 * it shapes events of some types into lines for one receiver. An outward form with `event: TYPE` also serves a topic for
 * consumers outside (deliver_topic.c): its lines are objects of JSON, each the data of an event of that type, held against
 * its schema; what is personal is masked, unless the rule says reveal: yes and the schema says that it is personal.
 */
#define FORM_EVENTS_MAX 8u
#define FORM_PAY_MAX 8u
#define FORM_NUMBERS_MAX 4u          /* the first ones of a schema */

enum form_nature { NATURE_INSTRUCTION, NATURE_REPORT, NATURE_MASTER };
enum form_release { RELEASE_RECORD, RELEASE_BATCH };
enum form_complete { COMPLETE_MARKER, COMPLETE_RENAME };
enum form_identity { IDENTITY_DOCUMENT, IDENTITY_RECORD };

/* One kind of record: which rows are of it, and what their columns mean. */
struct form_kind {
	char *name;
	bool first;                  /* the first row that is no title */
	struct expr *when;           /* or NULL: all rows that no kind above took */
	unsigned ncolumns;
	int *slots;                  /* of each column; -1: no rule uses it */
	unsigned layout;             /* the codec's number of this kind */
	bool records;                /* its rows are records: events are made of them. Else they only serve rows below */
};

/* What a record makes: an event of one type, when its condition holds. */
struct form_event {
	char *type;
	const struct schema *schema;
	const char *money;           /* kind of its amount, as totals name it: "" for cash */
	enum form_nature nature;
	unsigned kind;               /* number of the kind of its records; 0 when columns stand in a header row */
	struct expr *when;           /* on the record's columns; NULL: always */
	enum form_identity identity;
	struct map *identity_parts, *content;
	struct map *map;             /* its results have slots that no other event of the form has */
	struct conf *rules;          /* where the form lists those of map */
	int key_slot;                /* partition key; -1: the adapter's name */
	int unit_slot, bank_slot, date_slot, currency_slot;      /* attributes: data.unit, payee.bank, businessdate, currency */
	/* An instruction that pays into an account: what two payments have alike when one may be the other once more. account,
	 * unit, currency, then what the payment is for, as far as the type says it. None of others. */
	int pay_slots[FORM_PAY_MAX];
	unsigned npay_slots;
	int number_slots[FORM_NUMBERS_MAX];  /* results that the schema marks x-number */
	unsigned nnumber_slots;
};

/* Columns found by the names in a header row. */
struct form_header {
	unsigned within;             /* it is among the first so many rows; 0: there is no header row */
	unsigned ncolumns;
	struct {
		int slot;
		struct span *names;      /* any of them */
		unsigned nnames;
	} *columns;
};

/* How a line of one event type is made (outward). */
struct form_shape {
	char *type;
	struct names *names;
	struct map *line;
	unsigned layout;             /* the codec's number of these lines */
	int amount_slot;             /* data.<control amount>, -1: the type has none */
	int currency_slot;
};

struct form {
	char *name;                  /* "payroll/pipe/batch" */
	struct conf_file *conf;
	uint8_t digest[HASH_SHA256];
	const struct code_table **tables;    /* that its rules look up; of the library */
	unsigned ntables;
	bool outward;
	enum charset charset;
	const struct codec *codec;
	struct codec_format *format;
	struct wrap_list *wraps;     /* around the document, inward; NULL: none */
	struct names *names;         /* inward: of records and data; outward: of head and file name */
	struct pattern *file;
	struct pattern *marker;      /* outward without one: NULL */

	/* inward */
	struct form_event *events;   /* in the order of the form; of one system */
	unsigned nevents;
	enum form_release release;
	enum form_complete complete;
	struct form_header header;
	struct form_kind *kinds;     /* the last one is "line": what no kind above took */
	unsigned nkinds;
	struct expr *skip;           /* rows of lines that are no records: subtotals, signatures; NULL: none */
	struct expr *trailer;
	bool trailer_optional;
	int trailer_count_slot, trailer_sum_slot;        /* -1: none */
	int declared_count_slot, declared_sum_slot;      /* of heads; -1: none */
	struct amount_form declared_form;
	const struct form_kind *declared_each;           /* each row of it declares for the records up to the next; or NULL */
	const struct form_event *declared_of;            /* whose count and sum are declared; NULL: all records' */

	/* outward */
	bool money;                  /* what goes out makes a bank move money */
	const struct schema *published;      /* of what each line is to consumers outside; NULL: it is for files alone */
	struct form_shape *shapes;
	unsigned nshapes;
	struct map *head;            /* NULL: none; its names are parcel.* and site.* */
	unsigned head_layout;
	struct span *titles;         /* header row for people; NULL: none */
	unsigned ntitles;
	struct arena arena;
};

/* Loads and compiles; NULL with findings (conf.*, form.*, map.*, expr.*, pattern.*, schema.*, codes.*). */
struct form *form_load(struct library *l, const char *path, struct findings *f);
void form_free(struct form *f);
/* "units=DIGEST,banks=DIGEST": the tables that it looks up, each once, in the order of its rules. */
void form_tables_text(const struct form *f, struct buf *b);
/* Does one of its events move money? */
bool form_instructs(const struct form *f);
/* Sets the values that a form's names have from the site. */
void form_site_values(const struct library *l, const struct names *names, struct slots *s);
/* Inward: the bytes of its files are always wanted from the beginning, also to go on further in: see `whole` of a codec. */
bool form_whole(const struct form *f);
/* The number behind the last ".v" of the type that is published. */
unsigned form_version(const struct form *f);
/* The shape for an event type; NULL when this form does not take it. */
const struct form_shape *form_shape(const struct form *f, struct span type);

#endif
