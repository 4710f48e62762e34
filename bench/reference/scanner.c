/*
 * What a trace costs to read without any doubt about it: finds the same fields of the same lines as
 * src/workload/readers/common-lines.ts, and fills the same columns, a block of them again and again. It trusts
 * every line: no message, no limit, no line that is left out, no other spelling of a field.
 *
 *     scanner FILE ROUNDS
 *
 * reads FILE into memory, scans it ROUNDS times and prints for each the CPU time in nanoseconds, then the number of
 * events and a checksum of the columns, by which another reader shows that it found the same.
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BLOCK_EVENTS 65536
#define SLOTS 65536

enum kind { ALLOC, FREE, FREE_BATCHED, ZONE_LOCKED, PCPU_DRAIN, EXTFRAG };

static struct {
	double time_ns[BLOCK_EVENTS], pfn[BLOCK_EVENTS];
	uint32_t task[BLOCK_EVENTS], detail[BLOCK_EVENTS];
	uint16_t cpu[BLOCK_EVENTS];
	uint8_t kind[BLOCK_EVENTS], order[BLOCK_EVENTS], migrate_type[BLOCK_EVENTS];
} block;

/* Texts and the numbers that stand for them, in the order in which they came. */
struct texts {
	const char *text[SLOTS];
	uint32_t length[SLOTS], number[SLOTS], count;
};
static struct texts tasks, flags;

static uint32_t number_of(struct texts *texts, const char *text, uint32_t length, uint32_t hash)
{
	hash *= 0x9e3779b1u;
	for (uint32_t slot = hash >> 16;; slot = (slot + 1) % SLOTS) {
		if (texts->text[slot] == NULL) {
			texts->text[slot] = text;
			texts->length[slot] = length;
			return texts->number[slot] = texts->count++;
		}
		if (texts->length[slot] == length && memcmp(texts->text[slot], text, length) == 0)
			return texts->number[slot];
	}
}

static uint32_t checksum;

/* As bench/import.ts does; flags have other numbers there. */
static void add_up(uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		checksum += (uint32_t)(uint64_t)block.time_ns[i] + 3 * (uint32_t)(uint64_t)block.pfn[i] +
			    5 * block.task[i] + 7 * block.cpu[i] + 11 * block.kind[i] + 13 * block.order[i] +
			    17 * block.migrate_type[i] + (block.kind[i] == ALLOC ? 0 : 19 * block.detail[i]);
}

/* Moves to the digits after the next `=`. */
static uint32_t next_field(const char **at)
{
	uint32_t value = 0;
	while (**at != '=')
		++*at;
	for (++*at; **at >= '0' && **at <= '9'; ++*at)
		value = value * 10 + (**at - '0');
	return value;
}

static uint64_t scan(const char *at, const char *end, int adds_up)
{
	uint64_t events = 0;
	uint32_t count = 0;

	while (at < end) {
		const char *line = at;
		if (*at == '#' || *at == '\n')
			goto next_line;
		uint32_t hash = 0;
		while (*at != '[' && *at != '\n')
			hash = hash * 31 + (uint8_t)*at++;
		if (*at == '\n')
			goto next_line;
		const char *task_end = at;
		uint32_t cpu = 0;
		for (at++; *at != ']'; at++)
			cpu = cpu * 10 + (*at - '0');
		for (at++; *at == ' '; at++)
			;
		if (*at < '0' || *at > '9') {
			while (*at != ' ')
				at++;
			while (*at == ' ')
				at++;
		}
		uint64_t seconds = 0, fraction = 0;
		for (; *at != '.'; at++)
			seconds = seconds * 10 + (*at - '0');
		const char *start = ++at;
		for (; *at != ':'; at++)
			fraction = fraction * 10 + (*at - '0');
		if (at - start == 6)
			fraction *= 1000;
		for (at++; *at == ' '; at++)
			;
		if (memcmp(at, "kmem:", 5) == 0)
			at += 5;
		if (memcmp(at, "mm_page_", 8) != 0)
			goto next_line;
		at += 8;
		enum kind kind;
		if (memcmp(at, "alloc:", 6) == 0) {
			kind = ALLOC;
			at += 6;
		} else if (memcmp(at, "free:", 5) == 0) {
			kind = FREE;
			at += 5;
		} else if (memcmp(at, "alloc_zone_locked:", 18) == 0) {
			kind = ZONE_LOCKED;
			at += 18;
		} else if (memcmp(at, "free_batched:", 13) == 0) {
			kind = FREE_BATCHED;
			at += 13;
		} else if (memcmp(at, "pcpu_drain:", 11) == 0) {
			kind = PCPU_DRAIN;
			at += 11;
		} else if (memcmp(at, "alloc_extfrag:", 14) == 0) {
			kind = EXTFRAG;
			at += 14;
		} else {
			goto next_line;
		}
		while (*at == ' ')
			at++;
		for (at += 5; *at != ' '; at++) /* page= */
			;
		at += 5; /* ` pfn=` */
		uint64_t pfn = 0;
		if (at[0] == '0' && at[1] == 'x') {
			for (at += 2; *at != ' '; at++)
				pfn = pfn * 16 + (*at <= '9' ? *at - '0' : *at - 'a' + 10);
		} else {
			for (; *at != ' '; at++)
				pfn = pfn * 10 + (*at - '0');
		}
		uint32_t order = 0, migrate_type = 0, detail = 0;
		if (kind == EXTFRAG) {
			order = next_field(&at);
			detail = next_field(&at);
			next_field(&at); /* pageblock_order */
			migrate_type = next_field(&at);
			detail += next_field(&at) << 8;
			next_field(&at); /* fragmenting */
			detail += next_field(&at) << 16;
			goto add;
		}
		for (at += 7; *at >= '0'; at++) /* ` order=` */
			order = order * 10 + (*at - '0');
		if (kind != FREE && kind != FREE_BATCHED) {
			migrate_type = at[13] - '0'; /* ` migratetype=` */
			at += 14;
		}
		if (kind == ALLOC) {
			start = at += 11; /* ` gfp_flags=` */
			uint32_t text_hash = 0;
			for (; *at != '\n'; at++)
				text_hash = text_hash * 31 + (uint8_t)*at;
			detail = number_of(&flags, start, at - start, text_hash);
		} else if (kind == ZONE_LOCKED) {
			detail = at[15] - '0'; /* ` percpu_refill=` */
			at += 16;
		}
add:
		block.task[count] = number_of(&tasks, line, task_end - line, hash);
		block.time_ns[count] = (double)(seconds * 1000000000 + fraction);
		block.pfn[count] = (double)pfn;
		block.detail[count] = detail;
		block.cpu[count] = cpu;
		block.kind[count] = kind;
		block.order[count] = order;
		block.migrate_type[count] = migrate_type;
		if (++count == BLOCK_EVENTS) {
			if (adds_up)
				add_up(count);
			events += count;
			count = 0;
		}
		at++;
		continue;
next_line:
		at = memchr(at, '\n', end - at);
		if (at++ == NULL)
			break;
	}
	if (adds_up)
		add_up(count);
	return events + count;
}

int main(int argc, char **argv)
{
	FILE *file = argc == 3 ? fopen(argv[1], "rb") : NULL;
	if (file == NULL)
		return 2;
	fseek(file, 0, SEEK_END);
	size_t bytes = ftell(file);
	rewind(file);
	char *text = malloc(bytes + 1);
	if (text == NULL || fread(text, 1, bytes, file) != bytes)
		return 1;
	text[bytes] = '\n';
	uint64_t events = scan(text, text + bytes, 1);
	for (int round = atoi(argv[2]); round > 0; round--) {
		struct timespec before, after;
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before);
		uint64_t again = scan(text, text + bytes, 0);
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after);
		if (again != events)
			return 1;
		printf("%ld\n", (after.tv_sec - before.tv_sec) * 1000000000L + after.tv_nsec - before.tv_nsec);
	}
	printf("%lu events, checksum %lu\n", (unsigned long)events, (unsigned long)checksum);
	return 0;
}
