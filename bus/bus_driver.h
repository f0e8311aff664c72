/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_BUS_DRIVER_H
#define JC_BUS_DRIVER_H

#include "bus.h"

/*
 * What a driver gives. bus.c keeps what is alike for all: staging a commit, the overlay that lets look-ups see it,
 * folding records into index entries, limits. A driver gets a commit whole.
 *
 * A driver's structs begin with struct bus, bus_owner, bus_reader. Every function may block for the store or the
 * network, none for ever.
 */
struct commit_record {
	unsigned topic, partition;
	struct span key, value;      /* into bytes of the commit */
};

struct commit_entry {
	unsigned index;              /* row of index_table */
	size_t record;               /* number of the record it was folded from: its place becomes the entry's */
	struct span key, extra;
};

struct commit_position {
	struct span key, value;
};

/* All that one commit makes durable. Spans are valid while the driver's commit runs. */
struct bus_commit {
	const struct commit_record *records;
	size_t nrecords;
	const struct commit_entry *entries;
	size_t nentries;
	const struct commit_position *positions;
	size_t npositions;
	const char *const *acts_done;
	size_t nacts;
};

struct bus_driver {
	const char *scheme;          /* of the url: "embedded" */
	int (*open)(const struct bus_conf *c, const char *rest, enum bus_mode mode, struct bus **ret, struct err *e);
	void (*close)(struct bus *b);
	/* Makes or finds the topic under the number that bus.c gives it; partitions as wanted, checked. */
	int (*topic)(struct bus *b, unsigned number, const char *name, unsigned partitions, struct err *e);
	int (*topics)(struct bus *b, int (*each)(void *, const char *name, unsigned partitions), void *arg, struct err *e);
	int (*own)(struct bus *b, const char *flow, struct bus_owner **ret, struct err *e);
	/* NULL, both: bus.no_shares. */
	int (*own_as)(struct bus *b, const char *flow, const char *fence, struct bus_owner **ret, struct err *e);
	int (*fence)(struct bus *b, const char *fence, struct err *e);
	void (*disown)(struct bus_owner *o);
	int (*commit)(struct bus_owner *o, const struct bus_commit *c, struct err *e);
	int (*position_get)(struct bus *b, struct span key, struct buf *ret, struct err *e);
	int (*positions)(struct bus *b, struct span prefix, int (*each)(void *, struct span, struct span), void *arg,
		struct err *e);
	int (*read)(struct bus *b, unsigned topic, unsigned partition, struct bus_reader **ret, struct err *e);
	void (*unread)(struct bus_reader *r);
	void (*seek)(struct bus_reader *r, uint64_t offset);
	int (*seek_time)(struct bus_reader *r, int64_t time_ms, struct err *e);
	int (*next)(struct bus_reader *r, struct bus_message *ret, struct err *e);
	int (*end)(struct bus *b, unsigned topic, unsigned partition, uint64_t *ret, struct err *e);
	/* Committed entries only. extra is copied into scratch. */
	int (*look)(struct bus *b, unsigned index, struct span key, struct buf *scratch, struct bus_entry *ret,
		struct err *e);
	int (*entries)(struct bus *b, unsigned index, struct span prefix,
		int (*each)(void *, struct span, const struct bus_entry *), void *arg, struct err *e);
	int (*settle)(struct bus *b, struct err *e);           /* NULL: a commit is seen at once */
	int (*act_submit)(struct bus *b, const char *flow, const char *id, struct span act, struct err *e);
	bool (*in_use)(struct bus *b);        /* NULL: cannot be known */
	int (*act_take)(struct bus_owner *o, struct buf *ret_id, struct buf *ret_act, struct err *e);
	int (*acts_left)(struct bus *b, int (*each)(void *, const char *, const char *, int64_t, struct span), void *arg,
		struct err *e);
	int (*room)(struct bus *b, uint64_t *ret_used, uint64_t *ret_max, struct err *e);     /* NULL: no store on this host */
	size_t (*record_max)(struct bus *b, unsigned topic);   /* bytes of key and value; NULL: BUS_VALUE_MAX alone counts */
	int (*clocks)(struct bus *b, int (*each)(void *, const char *, int64_t), void *arg, struct err *e);   /* NULL: there is one */
	int (*cluster)(struct bus *b, struct buf *ret, struct err *e);        /* NULL: it lies on this host */
	void (*watch)(struct bus *b, void (*grew)(void *, unsigned), void *arg);      /* NULL: nobody else writes */
	size_t step_bytes, step_records;      /* 0: BUS_STEP_BYTES, BUS_STEP_RECORDS */
	bool dense;                           /* offsets have no holes */
};

struct bus_topic_row {
	char name[104];
	unsigned partitions;
};

struct bus {
	const struct bus_driver *driver;
	enum bus_mode mode;
	unsigned partitions;
	char folder[512];
	int64_t last_ms;             /* of the newest record when it was opened to own; 0: none, or not known */
	struct bus_front *front;     /* owned by bus.c: names and handles of topics, buffers for staging */
};

struct bus_owner {
	struct bus *bus;
	char flow[104];
	uint64_t generation;
	size_t step_entries;         /* of indexes, that one step should stay below; 0: as many as come of its records */
	struct bus_staging *staging; /* owned by bus.c */
};

struct bus_reader {
	struct bus *bus;
	unsigned topic, partition;
};

/* bus_open with a driver at hand. open gives a zeroed struct bus with folder filled in and, where the store knows
 * them, partitions; the rest of it is bus.c's. own gives bus_owner with its generation; read gives bus_reader. A driver
 * may call bus_topic_name at any time, and bus_topic where it holds no lock that its own topic() takes. */
int bus_open_with(const struct bus_driver *driver, const struct bus_conf *c, enum bus_mode mode, struct bus **ret,
	struct err *e);

/* Is it an id as bus_act_submit takes it? */
bool bus_act_id_ok(const char *id);

/* The drivers, NULL-terminated. */
extern const struct bus_driver *const bus_drivers[];
extern const struct bus_driver bus_embedded, bus_kafka;

#endif
