/*
 * chance.h
 *	  What happens at random in a test, and can happen again: all of it follows from a seed.
 *
 * For one test program; cmocka.h and stdint.h come before it.
 */
#pragma once

static uint64_t seed;
static uint64_t random_state;

/* a property that failed tells the seed to have it again with */
#define hold(what) do { if (!(what)) fail_msg("SEED=%llu: %s", (unsigned long long) seed, #what); } while (0)

static void
begin_chance(uint64_t from)
{
	seed = from;
	random_state = from * UINT64_C(0x9E3779B97F4A7C15) + 1;
}

/* 0 .. below - 1, by xorshift */
static int
any(int below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (int) ((random_state >> 11) % below);
}
