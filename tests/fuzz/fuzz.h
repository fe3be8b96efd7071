/* SPDX-License-Identifier: MIT */
/*
 * What a fuzz target is: a function that takes any bytes and fails loudly when
 * something that must hold does not.  Built twice: with libFuzzer, which looks
 * for bytes that reach new code (tests/fuzz.sh), and with driver.c, which
 * mutates the samples for a second or two in every run.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Always 0. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* Samples to begin with, with NULs written as %00; ends with NULL. */
extern const char *const fuzz_samples[];

/* Words that mutations put in, beside single bytes; ends with NULL. */
extern const char *const fuzz_words[];

#endif
