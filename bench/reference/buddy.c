/*
 * The reference of bench/page-alloc.ts: what the page allocator of Linux 6.12 does (mm/page_alloc.c) where all memory
 * is movable and lies in one zone. Free lists of orders 0 to 10 with expand, __free_one_page and buddy_merge_likely;
 * per-CPU lists of one CPU with their moving limits; watermarks; blocks of 4 MiB that are accepted when free memory
 * falls below the promo watermark, and go to the tail. Left out, as src/page-alloc has it: migrate types and their
 * fallback, lowmem reserves, per-CPU counters, blocks that get their metadata when first touched, several zones, checks.
 *
 *   buddy FILE              the operations of FILE; bench/boot-operations.ts says how they are written
 *   buddy FILE ORDER PAIRS  so often a block of the order is taken and given back, on the machine of FILE
 *
 * Prints the CPU time in nanoseconds and a hash of all page frame numbers that were handed out, in turn.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { MAX_ORDER = 10, BLOCK_PAGES = 1 << MAX_ORDER, HUGE_ORDER = 9, COSTLY_ORDER = 3 };
/* Lists of a CPU: orders 0 to 3, then 9. The kernel has three and two of them, for its migrate types. */
enum { PCP_LISTS = COSTLY_ORDER + 2, BATCH_SCALE_MAX = 5, PREV_FREE_HIGH = 1 };

struct links {
	int32_t next, prev;
};

/* The header of FILE, in its order. */
static struct {
	int32_t operations, slots, blocks, free_blocks;
	int32_t low, high, promo;
	int32_t batch, high_min, high_max;
} machine;

static struct links *links;
/* Order + 1 of a free block, at its first page. */
static uint8_t *meta;
static int32_t buddy_list, pcp_list;
static uint32_t order_mask;
static int64_t free_pages, unaccepted_pages;
static int32_t next_unaccepted;
static int below_high;

static struct {
	int32_t size[PCP_LISTS];
	int32_t count, high, alloc_factor, free_count, flags;
} pcp;

static inline int32_t min(int32_t a, int32_t b) { return a < b ? a : b; }
static inline int32_t max(int32_t a, int32_t b) { return a > b ? a : b; }
static inline int32_t clamp(int32_t value, int32_t low, int32_t high) { return min(max(value, low), high); }

static inline void insert(int32_t before, int32_t page, int32_t after)
{
	links[page] = (struct links){after, before};
	links[before].next = page;
	links[after].prev = page;
}

static inline void unlink_page(int32_t page)
{
	struct links at = links[page];

	links[at.prev].next = at.next;
	links[at.next].prev = at.prev;
}

static inline void add(int32_t page, int order, int to_tail)
{
	int32_t list = buddy_list + order;

	if (to_tail)
		insert(links[list].prev, page, list);
	else
		insert(list, page, links[list].next);
	meta[page] = order + 1;
	order_mask |= 1u << order;
}

static inline void del(int32_t page, int order)
{
	int32_t list = buddy_list + order;

	unlink_page(page);
	meta[page] = 0;
	if (links[list].next == list)
		order_mask &= ~(1u << order);
}

static void free_one_page(int32_t page, int order, int to_tail)
{
	int32_t buddy = page;

	free_pages += 1 << order;
	while (order < MAX_ORDER) {
		buddy = page ^ (1 << order);
		if (meta[buddy] != order + 1)
			break;
		del(buddy, order);
		page &= buddy;
		order++;
	}
	if (!to_tail && order < MAX_ORDER - 1)
		to_tail = meta[(page & buddy) ^ (1 << (order + 1))] == order + 2;
	add(page, order, to_tail);
}

/* Pieces of a pageblock at most, as each may be of another type in the kernel. */
static void free_to_buddy(int32_t page, int order, int to_tail)
{
	int piece = min(order, HUGE_ORDER);

	for (int32_t end = page + (1 << order); page < end; page += 1 << piece)
		free_one_page(page, piece, to_tail);
}

static int32_t take(int order)
{
	uint32_t candidates = order_mask >> order;
	int found;
	int32_t page;

	if (candidates == 0)
		return -1;
	found = order + __builtin_ctz(candidates);
	page = links[buddy_list + found].next;
	del(page, found);
	while (found > order) {
		found--;
		add(page + (1 << found), found, 0);
	}
	free_pages -= 1 << order;
	return page;
}

static int accept(int order)
{
	int64_t usable = free_pages - ((1 << order) - 1) - unaccepted_pages;
	int64_t missing = machine.promo - usable;
	int accepted = 0;

	for (; missing > 0 && unaccepted_pages > 0; missing -= BLOCK_PAGES) {
		unaccepted_pages -= BLOCK_PAGES;
		free_pages -= BLOCK_PAGES;
		free_to_buddy(next_unaccepted++ * BLOCK_PAGES, MAX_ORDER, 1);
		accepted = 1;
	}
	return accepted;
}

static inline int above(int order, int32_t mark)
{
	return free_pages - ((1 << order) - 1) > mark && (order == 0 || order_mask >> order != 0);
}

static int may_serve(int order)
{
	if (unaccepted_pages != 0)
		accept(order);
	if (!below_high) {
		if (above(order, machine.high))
			return 1;
		below_high = 1;
	}
	return above(order, machine.low) || (unaccepted_pages != 0 && accept(order));
}

static inline int pcp_index(int order) { return order <= COSTLY_ORDER ? order : COSTLY_ORDER + 1; }
static inline int pcp_order(int index) { return index <= COSTLY_ORDER ? index : HUGE_ORDER; }
static inline int has_pcp(int order) { return order <= COSTLY_ORDER || order == HUGE_ORDER; }

/* nr_pcp_alloc */
static int32_t refill_blocks(int order)
{
	int32_t base = machine.batch;
	int32_t high = pcp.high = clamp(pcp.high, machine.high_min, machine.high_max);
	int32_t batch = order == 0 ? base << pcp.alloc_factor : base;

	if (high < base)
		return 1;
	if (machine.high_min != machine.high_max && !below_high)
		high = pcp.high = min(high + batch, machine.high_max);
	if (order == 0) {
		int32_t room = max(high - pcp.count - base, base);

		if (batch <= room && pcp.alloc_factor < BATCH_SCALE_MAX)
			pcp.alloc_factor++;
		batch = min(batch, room);
	}
	return batch > 1 ? max(batch >> order, 2) : batch;
}

static int32_t take_from_pcp(int order)
{
	int index = pcp_index(order);
	int32_t list = pcp_list + index;
	int32_t page;

	pcp.free_count >>= 1;
	if (pcp.size[index] == 0) {
		for (int32_t wanted = refill_blocks(order); wanted > 0; wanted--) {
			page = take(order);
			if (page < 0)
				break;
			insert(links[list].prev, page, list);
			pcp.size[index]++;
		}
		pcp.count += pcp.size[index] << order;
		if (pcp.size[index] == 0)
			return -1;
	}
	page = links[list].next;
	unlink_page(page);
	pcp.size[index]--;
	pcp.count -= 1 << order;
	return page;
}

/* free_pcppages_bulk */
static void drain(int32_t pages, int index)
{
	int32_t left = min(pages, pcp.count);

	while (left > 0) {
		int order;

		while (pcp.size[index] == 0)
			index = index + 1 == PCP_LISTS ? 0 : index + 1;
		order = pcp_order(index);
		do {
			int32_t page = links[pcp_list + index].prev;

			unlink_page(page);
			pcp.size[index]--;
			left -= 1 << order;
			pcp.count -= 1 << order;
			free_one_page(page, order, 0);
		} while (left > 0 && pcp.size[index] > 0);
		index = index + 1 == PCP_LISTS ? 0 : index + 1;
	}
}

/* nr_pcp_high, without a kswapd that works */
static int32_t drain_threshold(int free_high)
{
	int32_t high = pcp.high = clamp(pcp.high, machine.high_min, machine.high_max);
	int32_t needed = pcp.free_count + machine.batch;

	if (high == 0)
		return 0;
	if (free_high) {
		pcp.high = max(high - (machine.batch << BATCH_SCALE_MAX), machine.high_min);
		return 0;
	}
	if (machine.high_min == machine.high_max)
		return high;
	if (below_high) {
		pcp.high = max(high - max(pcp.free_count, machine.batch), machine.high_min);
		return max(pcp.count, machine.high_min);
	}
	if (pcp.count >= high && high < needed)
		pcp.high = clamp(needed, machine.high_min, machine.high_max);
	return high;
}

/* free_unref_page_commit */
static void give_to_pcp(int32_t page, int order)
{
	int index = pcp_index(order);
	int32_t list = pcp_list + index;
	int32_t high;
	int free_high = 0;

	pcp.alloc_factor >>= 1;
	insert(list, page, links[list].next);
	pcp.size[index]++;
	pcp.count += 1 << order;
	if (order > 0 && order <= COSTLY_ORDER) {
		free_high = pcp.free_count >= machine.batch && (pcp.flags & PREV_FREE_HIGH) != 0;
		pcp.flags |= PREV_FREE_HIGH;
	} else {
		pcp.flags &= ~PREV_FREE_HIGH;
	}
	if (pcp.free_count < machine.batch << BATCH_SCALE_MAX)
		pcp.free_count += 1 << order;
	high = drain_threshold(free_high);
	if (pcp.count < high)
		return;
	if (free_high)
		drain(min(pcp.count, machine.batch << BATCH_SCALE_MAX), index);
	else if (high < machine.batch)
		drain(1, index);
	else
		drain(min(max(pcp.free_count, machine.batch), high - machine.batch), index);
	if (below_high && above(0, machine.high))
		below_high = 0;
}

static inline int32_t allocate(int order)
{
	int32_t page = -1;

	if (!may_serve(order))
		return -1;
	if (has_pcp(order))
		page = take_from_pcp(order);
	return page >= 0 ? page : take(order);
}

static inline void release(int32_t page, int order)
{
	if (has_pcp(order))
		give_to_pcp(page, order);
	else
		free_to_buddy(page, order, 0);
}

static void *zeroed(size_t count, size_t bytes)
{
	void *memory = calloc(count, bytes);

	if (memory == NULL) {
		fputs("buddy: no memory\n", stderr);
		exit(1);
	}
	return memory;
}

static void set_up(void)
{
	int32_t pages = machine.blocks * BLOCK_PAGES;

	buddy_list = pages;
	pcp_list = buddy_list + MAX_ORDER + 1;
	links = zeroed(pcp_list + PCP_LISTS, sizeof(*links));
	meta = zeroed(pages, 1);
	for (int32_t list = buddy_list; list < pcp_list + PCP_LISTS; list++)
		links[list] = (struct links){list, list};
	for (int32_t block = 0; block < machine.free_blocks; block++)
		free_to_buddy(block * BLOCK_PAGES, MAX_ORDER, 1);
	next_unaccepted = machine.free_blocks;
	unaccepted_pages = (int64_t)(machine.blocks - machine.free_blocks) * BLOCK_PAGES;
	free_pages += unaccepted_pages;
}

static int64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static int fail(const char *what)
{
	fprintf(stderr, "buddy: %s\n", what);
	return 1;
}

int main(int count, char **words)
{
	FILE *file = count == 2 || count == 4 ? fopen(words[1], "rb") : NULL;
	uint32_t *operations, hash = 0;
	int32_t *pages;
	int64_t start;

	if (file == NULL || fread(&machine, sizeof(machine), 1, file) != 1)
		return fail("no file of operations");
	operations = zeroed(machine.operations + 1, sizeof(*operations));
	pages = zeroed(machine.slots + 1, sizeof(*pages));
	if (fread(operations, sizeof(*operations), machine.operations, file) != (size_t)machine.operations)
		return fail("the file ends early");
	set_up();
	start = cpu_ns();
	if (count == 4) {
		int order = atoi(words[2]);

		for (int32_t pairs = atoi(words[3]); pairs > 0; pairs--) {
			int32_t page = allocate(order);

			if (page < 0)
				return fail("out of memory");
			hash = hash * 31 + page;
			release(page, order);
		}
	} else {
		for (int32_t at = 0; at < machine.operations; at++) {
			uint32_t operation = operations[at];
			int order = operation >> 24 & 15;
			int32_t *slot = &pages[operation & 0xffffff];

			if (operation >> 31) {
				release(*slot, order);
				continue;
			}
			*slot = allocate(order);
			if (*slot < 0)
				return fail("out of memory");
			hash = hash * 31 + *slot;
		}
	}
	printf("%lld %u\n", (long long)(cpu_ns() - start), hash);
	return 0;
}
