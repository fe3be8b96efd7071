/* SPDX-License-Identifier: MIT */
/*
 * Questions are what people and programs ask of the queue, or do to it.
 */
#ifndef STORE_QUESTION_H
#define STORE_QUESTION_H

#include "state.h"

/* As store_answer(). */
void question_ask(struct store *store, struct store_ask *ask);

/* Answers what only reads. */
void question_read(struct store *store);

/* Steps of batch.c: what changes something, a slice at a time; and the end of
 * it when the disk is full. */
bool question_waits(const struct store *store);
enum engine_result question_write(struct store *store);
void question_settle(struct store *store, enum engine_result result);
void question_settle_full(struct store *store, enum engine_result result);

/* Whoever still waits is told that nothing more is done. */
void question_end(struct store *store);

#endif
