/* The index's questions in plain C: the same walk, the same filters and the same expressions as locate.py, exact.py,
 * distance.py, ways.py and membership.py, which say why they are right.
 *
 * Owns nothing but speed. It reads the arrays of arrays.py and keeps them alive; it must not change them, and must not decide
 * what the float filters leave open: such pairs are handed back as ~slot, and Python asks the reference.
 * Compile with -ffp-contract=off and without -ffast-math: every operation rounds as IEEE 754 says.
 */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifndef M_PI
#define M_PI 3.14159265358979323846
#endif
#define ARRAYS 16
#define LAST_ROW (180 * 2048 - 1)
#define SHARED 0x80000000u
#define SURE 4e-15
#define EARTH_RADIUS_M 6371008.8
#define RADIANS (M_PI / 180.0)
#define METRES_PER_DEGREE (RADIANS * EARTH_RADIUS_M)
#define MARGIN 1e-9
#define LONGEST_M 20000.0
#define STAGE 256

enum { INTERIOR, CIRCLE, AREA, CORRIDOR };

typedef struct {
    PyObject_HEAD
    Py_buffer held[ARRAYS];
    int count; /* of buffers held */
    const int32_t *root_cells, *root_blocks, *root_tiles, *tables;
    const uint64_t *rows;
    const uint32_t *cells, *shared;
    const uint8_t *kind;
    const int32_t *item;
    const double *circles, *area_floats;
    const int32_t *area_ints;
    const double *vertices, *pieces;
    const int32_t *slab_start, *slab_edges;
    Py_ssize_t slots;
    int has_blocks, has_tiles;
} Kernel;

static double per_degree[180];
static int32_t last_column[180];

/* -- exact tests: 1 inside, 0 outside, -1 unsure ---------------------------------------------------------------------- */

static int in_circle(const Kernel *k, int32_t item, double lat, double lon)
{
    const double *c = k->circles + 6 * (Py_ssize_t)item;
    double s = sin((lat - c[0]) * RADIANS / 2), t = sin((lon - c[1]) * RADIANS / 2);
    double a = s * s + c[3] * cos(lat * RADIANS) * (t * t);
    return a <= c[4] ? 1 : a <= c[5] ? -1 : 0;
}

/* The edges (or pieces) that can matter at a latitude: numbers[0..n), or first, first + 1, ... where numbers is NULL. */
static Py_ssize_t edges_near(const Kernel *k, int32_t item, double lat, int less, const int32_t **numbers, Py_ssize_t *first)
{
    const int32_t *ints = k->area_ints + 5 * (Py_ssize_t)item;
    const double *floats = k->area_floats + 6 * (Py_ssize_t)item;
    if (ints[3] <= 0) {
        *numbers = NULL;
        *first = ints[0];
        return ints[1] - ints[0] - less;
    }
    double at = floor((lat - floats[1]) * floats[4]);
    Py_ssize_t slab = at < 0 ? 0 : at > ints[3] - 1 ? ints[3] - 1 : (Py_ssize_t)at;
    const int32_t *start = k->slab_start + ints[2] + slab;
    *numbers = k->slab_edges + start[0];
    *first = 0;
    return start[1] - start[0];
}

static int in_area(const Kernel *k, int32_t item, double py, double px)
{
    const int32_t *numbers;
    Py_ssize_t first, n = edges_near(k, item, py, 1, &numbers, &first);
    int odd = 0, unsure = 0;
    for (Py_ssize_t i = 0; i < n; i++) {
        const double *v = k->vertices + 2 * (numbers ? (Py_ssize_t)numbers[i] : first + i);
        double y0 = v[1], y1 = v[3];
        int up = y0 <= py && y1 > py, down = y0 > py && y1 <= py;
        if (y1 == py && (v[2] == px || (y0 == py && fmin(v[0], v[2]) <= px && px <= fmax(v[0], v[2]))))
            return 1;
        if (!(up || down))
            continue;
        double ax = v[0] - px, ay = y0 - py, bx = v[2] - px, by = y1 - py;
        double left = ax * by, right = ay * bx, turn = left - right;
        if (fabs(turn) > SURE * (fabs(left) + fabs(right)))
            odd ^= up ? turn > 0 : turn < 0;
        else if ((ax == 0 || by == 0) && (ay == 0 || bx == 0))
            return 1;
        else
            unsure = 1;
    }
    return unsure ? -1 : odd;
}

static double piece2(const double *p, double lat, double lon)
{
    double x = p[0] - lon;
    x = (x - 360.0 * rint(x / 360.0)) * p[2];
    double y = (p[1] - lat) * METRES_PER_DEGREE;
    double t = -(x * p[3] + y * p[4]) / p[5];
    t = t > 0.0 ? t : 0.0;
    t = t < 1.0 ? t : 1.0;
    double u = x + t * p[3], v = y + t * p[4];
    return u * u + v * v;
}

static int in_corridor(const Kernel *k, int32_t item, double lat, double lon)
{
    const int32_t *numbers;
    Py_ssize_t first, n = edges_near(k, item, lat, 0, &numbers, &first);
    double buffer = k->area_floats[6 * (Py_ssize_t)item + 5];
    for (Py_ssize_t i = 0; i < n; i++)
        if (sqrt(piece2(k->pieces + 6 * (numbers ? (Py_ssize_t)numbers[i] : first + i), lat, lon)) <= buffer)
            return 1;
    return 0;
}

/* -- the walk from degrees to entries --------------------------------------------------------------------------------- */

typedef struct {
    int64_t *out;
    Py_ssize_t n, room;
    int unsure;
} Found;

/* 0: no room. What is found is written as slot, or ~slot where unsure. */
static int take(const Kernel *k, uint32_t number, double lat, double lon, Found *f)
{
    uint32_t word = k->cells[number], n = 1;
    const uint32_t *entries = &word;
    if (word & SHARED) {
        entries = k->shared + (word ^ SHARED);
        n = *entries++;
    }
    for (uint32_t i = 0; i < n; i++) {
        int64_t slot = entries[i] >> 2;
        int held = 1;
        switch (entries[i] & 3) {
        case CIRCLE: held = in_circle(k, k->item[slot], lat, lon); break;
        case AREA: held = in_area(k, k->item[slot], lat, lon); break;
        case CORRIDOR: held = in_corridor(k, k->item[slot], lat, lon); break;
        }
        if (!held)
            continue;
        if (f->n == f->room)
            return 0;
        f->unsure += held < 0;
        f->out[f->n++] = held < 0 ? ~slot : slot;
    }
    return 1;
}

static int64_t plain(int64_t slot) { return slot < 0 ? ~slot : slot; }

static void sort_slots(int64_t *a, Py_ssize_t n)
{
    for (Py_ssize_t i = 1; i < n; i++) {
        int64_t v = a[i];
        Py_ssize_t j = i;
        for (; j && plain(a[j - 1]) > plain(v); j--)
            a[j] = a[j - 1];
        a[j] = v;
    }
}

static int on_earth(double lat, double lon) { return fabs(lat) <= 90.0 && fabs(lon) <= 180.0; }

static void cell_of(double lat, double lon, int32_t *row, int32_t *column)
{
    int32_t r = (int32_t)((lat + 90.0) * 2048.0);
    r = r > LAST_ROW ? LAST_ROW : r;
    int32_t band = r >> 11, c = (int32_t)((lon + 180.0) * per_degree[band]);
    *row = r;
    *column = c > last_column[band] ? last_column[band] : c;
}

/* Band and tile in the band, 9 bits for the tile, as the lines have them. */
static int64_t tile_of(int32_t row, int32_t column) { return (int64_t)(row >> 11) << 9 | (column >> 11); }
static int64_t block_of(int32_t row, int32_t column) { return ((row & 2016) << 1) | ((column >> 5) & 63); }

/* What a root says of a tile. */
static int64_t at_tile(const Kernel *k, const int32_t *root, int64_t tile) { return k->tables[((int64_t)root[tile >> 9] << 9) | (tile & 511)]; }

/* What the table of a tile says of a block. */
static int64_t at_block(const Kernel *k, const int32_t *root, int64_t tile, int64_t block) { return k->tables[(at_tile(k, root, tile) << 9) + block]; }

/* Number of the cell of a word at a column, 0 for none. */
static uint32_t numbered(uint64_t word, int32_t column)
{
    uint32_t bits = (uint32_t)word, bit = 1u << (column & 31);
    return bits & bit ? (uint32_t)(word >> 32) + (uint32_t)__builtin_popcount(bits & (bit - 1)) : 0;
}

/* What stands at a point's block and tile as a whole; sorts the slots found from `from` on. 0: no room. */
static int take_large(const Kernel *k, int64_t tile, int64_t block, double lat, double lon, Found *f, Py_ssize_t from)
{
    if (k->has_blocks) {
        int64_t number = at_block(k, k->root_blocks, tile, block);
        if (number && !take(k, (uint32_t)number, lat, lon, f))
            return 0;
    }
    if (k->has_tiles) {
        int64_t number = at_tile(k, k->root_tiles, tile);
        if (number && !take(k, (uint32_t)number, lat, lon, f))
            return 0;
    }
    sort_slots(f->out + from, f->n - from);
    return 1;
}

/* Points from `from` on until the room is used up; returns the next point. */
static Py_ssize_t locate_some(const Kernel *k, const double *lat, const double *lon, Py_ssize_t from, Py_ssize_t n, int64_t *point, Found *f)
{
    int64_t tile[STAGE], block[STAGE], table[STAGE];
    int32_t row[STAGE], column[STAGE];
    uint64_t word[STAGE];
    int large = k->has_blocks || k->has_tiles;
    while (from < n) {
        int m = n - from < STAGE ? (int)(n - from) : STAGE;
        const double *la = lat + from, *lo = lon + from;
        for (int i = 0; i < m; i++) {
            int good = on_earth(la[i], lo[i]);
            cell_of(good ? la[i] : 0.0, good ? lo[i] : 0.0, row + i, column + i);
            tile[i] = tile_of(row[i], column[i]);
            block[i] = block_of(row[i], column[i]);
        }
        /* In three loops, so that many reads of memory are on their way at once. */
        for (int i = 0; i < m; i++)
            table[i] = at_tile(k, k->root_cells, tile[i]) << 9;
        for (int i = 0; i < m; i++)
            row[i] = (int32_t)(row[i] & 31), word[i] = (uint64_t)k->tables[table[i] + block[i]] << 5;
        for (int i = 0; i < m; i++)
            word[i] = k->rows[word[i] | (uint64_t)row[i]];
        for (int i = 0; i < m; i++) {
            uint32_t number = numbered(word[i], column[i]);
            if (!number && !large)
                continue;
            if (!on_earth(la[i], lo[i]))
                continue;
            Py_ssize_t before = f->n;
            int unsure = f->unsure;
            if ((number && !take(k, number, la[i], lo[i], f)) || (large && !take_large(k, tile[i], block[i], la[i], lo[i], f, before))) {
                f->n = before;
                f->unsure = unsure;
                return from + i;
            }
            for (Py_ssize_t j = before; j < f->n; j++)
                point[j] = from + i;
        }
        from += m;
    }
    return n;
}

/* -- distances -------------------------------------------------------------------------------------------------------- */

static double haversine(double lat0, double lon0, double cos0, double lat, double lon)
{
    double s = sin((lat - lat0) * RADIANS / 2), t = sin((lon - lon0) * RADIANS / 2);
    double a = s * s + cos0 * cos(lat * RADIANS) * (t * t);
    return 2 * EARTH_RADIUS_M * asin(sqrt(a < 1.0 ? a : 1.0));
}

static double shorter(double degrees) { return degrees - 360.0 * rint(degrees / 360.0); }
static double held(double t) { return t > 0.0 ? (t < 1.0 ? t : 1.0) : 0.0; }

static double to_area(const Kernel *k, int32_t item, double lat, double lon)
{
    const int32_t *ints = k->area_ints + 5 * (Py_ssize_t)item;
    double k_lon = METRES_PER_DEGREE * cos(lat * RADIANS), nearest = INFINITY;
    int cut = ints[4] & 1;
    for (Py_ssize_t i = ints[0]; i < ints[1] - 1; i++) {
        const double *v = k->vertices + 2 * i;
        if ((cut && fabs(v[0]) == 180.0 && fabs(v[2]) == 180.0) || (fabs(v[1]) == 90.0 && fabs(v[3]) == 90.0))
            continue; /* no border: the area goes on beyond */
        double x = shorter(v[0] - lon) * k_lon, y = (v[1] - lat) * METRES_PER_DEGREE;
        double dx = (v[2] - v[0]) * k_lon, dy = (v[3] - v[1]) * METRES_PER_DEGREE, length2 = dx * dx + dy * dy;
        double t = held(length2 != 0 ? -(x * dx + y * dy) / length2 : 0.0), u = x + t * dx, w = y + t * dy;
        double square = u * u + w * w;
        if (square < nearest) /* false for the vertices that part rings, which are NaN */
            nearest = square;
    }
    return sqrt(nearest);
}

static double distance_to(const Kernel *k, int64_t slot, double lat, double lon, int inside)
{
    int32_t item = k->item[slot];
    if (k->kind[slot] == CIRCLE) {
        const double *c = k->circles + 6 * (Py_ssize_t)item;
        return haversine(c[0], c[1], c[3], lat, lon) - c[2];
    }
    if (k->kind[slot] == AREA) {
        double away = to_area(k, item, lat, lon);
        return inside ? -away : away;
    }
    const int32_t *ints = k->area_ints + 5 * (Py_ssize_t)item;
    double nearest = INFINITY;
    for (Py_ssize_t i = ints[0]; i < ints[1]; i++) {
        double square = piece2(k->pieces + 6 * i, lat, lon);
        nearest = square < nearest ? square : nearest;
    }
    return sqrt(nearest) - k->area_floats[6 * (Py_ssize_t)item + 5];
}

/* -- ways ------------------------------------------------------------------------------------------------------------- */

typedef struct {
    double lat0, lon0, lat1, lon1, dlat, dlon;
} Way;

static double depth_in_circle(const Kernel *k, int32_t item, const Way *w)
{
    const double *c = k->circles + 6 * (Py_ssize_t)item;
    double k_lon = METRES_PER_DEGREE * c[3], x = shorter(w->lon0 - c[1]) * k_lon, y = (w->lat0 - c[0]) * METRES_PER_DEGREE;
    double dx = w->dlon * k_lon, dy = w->dlat * METRES_PER_DEGREE, length2 = dx * dx + dy * dy;
    double t = held(length2 != 0 ? -(x * dx + y * dy) / length2 : 0.0);
    double nearest = hypot(x + t * dx, y + t * dy);
    nearest = fmin(nearest, haversine(c[0], c[1], c[3], w->lat0, w->lon0));
    return c[2] - fmin(nearest, haversine(c[0], c[1], c[3], w->lat1, w->lon1));
}

static double stretch2(double px, double py, double qx, double qy, double square)
{
    double t = held(square != 0 ? (px * qx + py * qy) / square : 0.0), u = px - t * qx, v = py - t * qy;
    return u * u + v * v;
}

static double depth_in_corridor(const Kernel *k, int32_t item, const Way *w)
{
    const int32_t *ints = k->area_ints + 5 * (Py_ssize_t)item;
    double nearest = INFINITY;
    for (Py_ssize_t i = ints[0]; i < ints[1]; i++) {
        const double *p = k->pieces + 6 * i;
        double ax = shorter(w->lon0 - p[0]) * p[2], ay = (w->lat0 - p[1]) * METRES_PER_DEGREE;
        double wx = w->dlon * p[2], wy = w->dlat * METRES_PER_DEGREE, way2 = wx * wx + wy * wy;
        double turn = p[3] * wy - p[4] * wx, s = (ax * wy - ay * wx) / turn, t = (ax * p[4] - ay * p[3]) / turn;
        if (s >= 0 && s <= 1 && t >= 0 && t <= 1)
            nearest = 0;
        nearest = fmin(nearest, stretch2(ax, ay, p[3], p[4], p[5]));
        nearest = fmin(nearest, stretch2(ax + wx, ay + wy, p[3], p[4], p[5]));
        nearest = fmin(nearest, stretch2(-ax, -ay, wx, wy, way2));
        nearest = fmin(nearest, stretch2(p[3] - ax, p[4] - ay, wx, wy, way2));
    }
    return k->area_floats[6 * (Py_ssize_t)item + 5] - sqrt(nearest);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* -1 where memory ran out. */
static double depth_in_area(const Kernel *k, int64_t slot, const Way *w)
{
    int32_t item = k->item[slot];
    const int32_t *ints = k->area_ints + 5 * (Py_ssize_t)item;
    Py_ssize_t n = 0, room = 16;
    double *stops = malloc(room * sizeof(double));
    if (!stops)
        return -1;
    stops[n++] = 0.0;
    stops[n++] = 1.0;
    if (w->dlon != 0 && fabs(w->lon0 + w->dlon) > 180.0)
        stops[n++] = (copysign(180.0, w->dlon) - w->lon0) / w->dlon;
    for (Py_ssize_t i = ints[0]; i < ints[1] - 1; i++) {
        const double *v = k->vertices + 2 * i;
        double x = shorter(v[0] - w->lon0), y = v[1] - w->lat0, ex = shorter(v[2] - v[0]), ey = v[3] - v[1];
        double turn = w->dlon * ey - w->dlat * ex, along = (x * ey - y * ex) / turn, on = (x * w->dlat - y * w->dlon) / turn;
        if (!(along > 0 && along < 1 && on >= -1e-9 && on <= 1 + 1e-9))
            continue;
        if (n == room) {
            double *more = realloc(stops, (room *= 2) * sizeof(double));
            if (!more) {
                free(stops);
                return -1;
            }
            stops = more;
        }
        stops[n++] = along;
    }
    qsort(stops, n, sizeof(double), by_value);
    double longest = 0, best = 0, begin = -1;
    for (Py_ssize_t i = 0; i < n; i++) {
        int inside = 0;
        if (i + 1 < n && stops[i + 1] == stops[i])
            continue;
        if (i + 1 < n) {
            double middle = (stops[i] + stops[i + 1]) / 2;
            inside = in_area(k, item, w->lat0 + middle * w->dlat, shorter(w->lon0 + middle * w->dlon)) != 0;
        }
        if (inside && begin < 0)
            begin = stops[i];
        else if (!inside && begin >= 0) {
            if (stops[i] - begin > longest) {
                longest = stops[i] - begin;
                best = (stops[i] + begin) / 2;
            }
            begin = -1;
        }
    }
    free(stops);
    return longest > 0 ? to_area(k, item, w->lat0 + best * w->dlat, shorter(w->lon0 + best * w->dlon)) : 0;
}

/* Whether a way may pass what an entry stands for: circles by distance, areas by their bounds. */
static int may_reach(const Kernel *k, uint32_t entry, const Way *w)
{
    int64_t slot = entry >> 2;
    int kind = entry & 3;
    if (kind == CIRCLE || (kind == INTERIOR && k->kind[slot] == CIRCLE))
        return depth_in_circle(k, k->item[slot], w) > -0.01;
    if (kind != AREA)
        return 1;
    const double *box = k->area_floats + 6 * (Py_ssize_t)k->item[slot];
    double end = w->lon0 + w->dlon, west = fmin(w->lon0, end), east = fmax(w->lon0, end);
    if (fmax(w->lat0, w->lat1) < box[1] - MARGIN || fmin(w->lat0, w->lat1) > box[3] + MARGIN)
        return 0;
    int beside = east < box[0] - MARGIN || west > box[2] + MARGIN;
    return !(beside && west > -180.0 && east < 180.0);
}

/* Entries met on a way: collected as slots, or only the first that may be reached. -1: no memory. */
typedef struct {
    const Kernel *k;
    const Way *w;
    int any;
    int64_t *slots;
    Py_ssize_t n, room;
} Met;

static int meet(Met *m, uint32_t number)
{
    const Kernel *k = m->k;
    uint32_t word = k->cells[number], n = 1;
    const uint32_t *entries = &word;
    if (word & SHARED) {
        entries = k->shared + (word ^ SHARED);
        n = *entries++;
    }
    for (uint32_t i = 0; i < n; i++) {
        if (!may_reach(k, entries[i], m->w))
            continue;
        if (m->any)
            return 1;
        int64_t slot = entries[i] >> 2;
        Py_ssize_t j = 0;
        while (j < m->n && m->slots[j] != slot)
            j++;
        if (j < m->n)
            continue;
        if (m->n == m->room) {
            Py_ssize_t room = m->room ? 2 * m->room : 16;
            int64_t *more = realloc(m->slots, room * sizeof(int64_t));
            if (!more)
                return -1;
            m->slots = more;
            m->room = room;
        }
        m->slots[m->n++] = slot;
    }
    return 0;
}

static int meet_cell(Met *m, int32_t row, int32_t column, int64_t *last_block)
{
    const Kernel *k = m->k;
    int64_t tile = tile_of(row, column), block = block_of(row, column);
    uint64_t word = k->rows[((uint64_t)at_block(k, k->root_cells, tile, block) << 5) | (uint64_t)(row & 31)];
    uint32_t number = numbered(word, column);
    int found = number ? meet(m, number) : 0;
    if (found || *last_block == (tile << 12 | block))
        return found;
    *last_block = tile << 12 | block;
    number = (uint32_t)at_block(k, k->root_blocks, tile, block);
    if (number && (found = meet(m, number)))
        return found;
    number = (uint32_t)at_tile(k, k->root_tiles, tile);
    return number ? meet(m, number) : 0;
}

static int judged(Way *w)
{
    if (!on_earth(w->lat0, w->lon0) || !on_earth(w->lat1, w->lon1))
        return 0;
    w->dlat = w->lat1 - w->lat0;
    w->dlon = shorter(w->lon1 - w->lon0);
    double s = sin(w->dlat * RADIANS / 2), t = sin(w->dlon * RADIANS / 2), most = sin(LONGEST_M / EARTH_RADIUS_M / 2 * 1.000001);
    return s * s + cos(w->lat0 * RADIANS) * cos(w->lat1 * RADIANS) * (t * t) <= most * most;
}

/* All cells the way touches, row by row. */
static int walk(Met *m)
{
    const Way *w = m->w;
    double low = fmin(w->lat0, w->lat1) - MARGIN, top = fmax(w->lat0, w->lat1) + MARGIN;
    int32_t first, last, any;
    int64_t last_block = -1;
    cell_of(fmax(low, -90.0), 0.0, &first, &any);
    cell_of(fmin(top, 90.0), 0.0, &last, &any);
    for (int32_t row = first; row <= last; row++) {
        double south = row / 2048.0 - 90.0 - 2 * MARGIN, north = (row + 1) / 2048.0 - 90.0 + 2 * MARGIN, a = 0, b = 1;
        if (w->dlat != 0) {
            double p = (south - w->lat0) / w->dlat, q = (north - w->lat0) / w->dlat;
            a = held(fmin(p, q));
            b = held(fmax(p, q));
        }
        double x0 = w->lon0 + a * w->dlon, x1 = w->lon0 + b * w->dlon, scale = per_degree[row >> 11];
        int64_t around = (int64_t)last_column[row >> 11] + 1;
        int64_t from = (int64_t)floor((fmin(x0, x1) - MARGIN + 180.0) * scale), to = (int64_t)floor((fmax(x0, x1) + MARGIN + 180.0) * scale);
        /* The point 180 lies in the last column: what comes to one side looks at the other too. */
        if (from % around == 0)
            from--;
        if ((to + 1) % around == 0)
            to++;
        for (int64_t c = from; c <= to; c++) {
            int found = meet_cell(m, row, (int32_t)(((c % around) + around) % around), &last_block);
            if (found)
                return found;
        }
    }
    return 0;
}

/* -- Python ----------------------------------------------------------------------------------------------------------- */

static const char *const formats[ARRAYS] = {"i", "i", "i", "i", "QL", "IL", "IL", "B", "i", "d", "d", "i", "d", "d", "i", "i"};
static const Py_ssize_t sizes[ARRAYS] = {4, 4, 4, 4, 8, 4, 4, 1, 4, 8, 8, 4, 8, 8, 4, 4};

static void kernel_dealloc(Kernel *self)
{
    for (int i = 0; i < self->count; i++)
        PyBuffer_Release(&self->held[i]);
    PyTypeObject *type = Py_TYPE(self);
    type->tp_free((PyObject *)self);
    Py_DECREF(type);
}

static PyObject *kernel_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    PyObject *list;
    int has_blocks, has_tiles;
    (void)kwargs;
    if (!PyArg_ParseTuple(args, "O!pp", &PyTuple_Type, &list, &has_blocks, &has_tiles))
        return NULL;
    if (PyTuple_GET_SIZE(list) != ARRAYS)
        return PyErr_Format(PyExc_ValueError, "%d arrays are needed", ARRAYS);
    Kernel *k = (Kernel *)type->tp_alloc(type, 0);
    if (!k)
        return NULL;
    for (int i = 0; i < ARRAYS; i++) {
        if (PyObject_GetBuffer(PyTuple_GET_ITEM(list, i), &k->held[i], PyBUF_C_CONTIGUOUS | PyBUF_FORMAT) < 0) {
            Py_DECREF(k);
            return NULL;
        }
        k->count = i + 1;
        const char *format = k->held[i].format;
        if (k->held[i].itemsize != sizes[i] || !format || !strchr(formats[i], format[0])) {
            Py_DECREF(k);
            return PyErr_Format(PyExc_TypeError, "array %d has the wrong type", i);
        }
    }
    Py_ssize_t n[ARRAYS];
    for (int i = 0; i < ARRAYS; i++)
        n[i] = k->held[i].len / sizes[i];
    if (n[0] != 180 || n[1] != 180 || n[2] != 180 || n[3] < 4096 || n[4] < 32 || n[5] < 1 || n[7] != n[8]) {
        Py_DECREF(k);
        return PyErr_Format(PyExc_ValueError, "arrays of the wrong length");
    }
    void *p[ARRAYS];
    for (int i = 0; i < ARRAYS; i++)
        p[i] = k->held[i].buf;
    k->root_cells = p[0], k->root_blocks = p[1], k->root_tiles = p[2], k->tables = p[3], k->rows = p[4], k->cells = p[5];
    k->shared = p[6], k->kind = p[7], k->item = p[8], k->circles = p[9], k->area_floats = p[10], k->area_ints = p[11];
    k->vertices = p[12], k->pieces = p[13], k->slab_start = p[14], k->slab_edges = p[15];
    k->slots = n[7];
    k->has_blocks = has_blocks;
    k->has_tiles = has_tiles;
    return (PyObject *)k;
}

/* Buffers of one call: `count` doubles to read, then what is written to. */
typedef struct {
    Py_buffer held[8];
    int count;
    Py_ssize_t n;
} Columns;

static void release(Columns *c)
{
    while (c->count)
        PyBuffer_Release(&c->held[--c->count]);
}

/* Takes the buffer, whose items are of one of the types; all of a call have the same length. NULL: an error is set. */
static void *column(Columns *c, PyObject *object, const char *types, Py_ssize_t size, int write)
{
    Py_buffer *b = &c->held[c->count];
    if (PyObject_GetBuffer(object, b, PyBUF_C_CONTIGUOUS | PyBUF_FORMAT | (write ? PyBUF_WRITABLE : 0)) < 0)
        return NULL;
    c->count++;
    if (b->itemsize != size || !b->format || !strchr(types, b->format[0]))
        return PyErr_Format(PyExc_TypeError, "a column has the wrong type");
    if (c->count == 1)
        c->n = b->len / size;
    else if (b->len / size != c->n)
        return PyErr_Format(PyExc_ValueError, "columns of different lengths");
    return b->buf ? b->buf : (void *)"";
}

/* locate(lat, lon, first, points, slots) -> (next point, pairs, unsure): room is that of points and slots. */
static PyObject *kernel_locate(Kernel *k, PyObject *const *args, Py_ssize_t nargs)
{
    if (nargs != 5)
        return PyErr_Format(PyExc_TypeError, "five arguments");
    Columns in = {.count = 0}, out = {.count = 0};
    PyObject *answer = NULL;
    double *lat, *lon;
    int64_t *points, *slots;
    Py_ssize_t first = PyLong_AsSsize_t(args[2]);
    if (first == -1 && PyErr_Occurred())
        return NULL;
    if ((lat = column(&in, args[0], "d", 8, 0)) && (lon = column(&in, args[1], "d", 8, 0)) && (points = column(&out, args[3], "lq", 8, 1)) &&
        (slots = column(&out, args[4], "lq", 8, 1))) {
        Found f = {slots, 0, out.n, 0};
        Py_ssize_t next = first < 0 ? in.n : first;
        Py_BEGIN_ALLOW_THREADS
        next = locate_some(k, lat, lon, next, in.n, points, &f);
        Py_END_ALLOW_THREADS
        answer = Py_BuildValue("nni", next, f.n, f.unsure);
    }
    release(&in);
    release(&out);
    return answer;
}

static int number_in(PyObject *o, double *x)
{
    *x = PyFloat_AsDouble(o);
    return !(*x == -1.0 && PyErr_Occurred());
}

/* locate_one(lat, lon) -> slots; a list instead of a tuple where some are unsure, these as ~slot. */
static PyObject *kernel_locate_one(Kernel *k, PyObject *const *args, Py_ssize_t nargs)
{
    double lat, lon;
    if (nargs != 2)
        return PyErr_Format(PyExc_TypeError, "two arguments");
    if (!number_in(args[0], &lat) || !number_in(args[1], &lon))
        return NULL;
    if (!on_earth(lat, lon))
        return PyTuple_New(0);
    int64_t few[64], *slots = few;
    Found f = {slots, 0, 64, 0};
    int32_t row, column;
    cell_of(lat, lon, &row, &column);
    int64_t tile = tile_of(row, column), block = block_of(row, column);
    uint64_t word = k->rows[((uint64_t)at_block(k, k->root_cells, tile, block) << 5) | (uint64_t)(row & 31)];
    uint32_t number = numbered(word, column);
    while ((number && !take(k, number, lat, lon, &f)) || !take_large(k, tile, block, lat, lon, &f, 0)) {
        Py_ssize_t room = 2 * f.room;
        if (slots != few)
            PyMem_Free(slots);
        if (!(slots = PyMem_Malloc(room * sizeof(int64_t))))
            return PyErr_NoMemory();
        f = (Found){slots, 0, room, 0};
    }
    PyObject *answer = f.unsure ? PyList_New(f.n) : PyTuple_New(f.n);
    for (Py_ssize_t i = 0; answer && i < f.n; i++) {
        PyObject *slot = PyLong_FromLongLong(slots[i]);
        if (!slot)
            Py_CLEAR(answer);
        else if (f.unsure)
            PyList_SET_ITEM(answer, i, slot);
        else
            PyTuple_SET_ITEM(answer, i, slot);
    }
    if (slots != few)
        PyMem_Free(slots);
    return answer;
}

/* distance(slot, lat, lon, inside) -> metres */
static PyObject *kernel_distance(Kernel *k, PyObject *const *args, Py_ssize_t nargs)
{
    double lat, lon;
    if (nargs != 4)
        return PyErr_Format(PyExc_TypeError, "four arguments");
    Py_ssize_t slot = PyNumber_AsSsize_t(args[0], PyExc_IndexError);
    int inside = PyObject_IsTrue(args[3]);
    if ((slot == -1 && PyErr_Occurred()) || inside < 0 || !number_in(args[1], &lat) || !number_in(args[2], &lon))
        return NULL;
    if (slot < 0 || slot >= k->slots)
        return PyErr_Format(PyExc_IndexError, "no fence has the number %zd", slot);
    return PyFloat_FromDouble(distance_to(k, slot, lat, lon, inside));
}

/* distances(slots, lat, lon, inside, out) */
static PyObject *kernel_distances(Kernel *k, PyObject *const *args, Py_ssize_t nargs)
{
    if (nargs != 5)
        return PyErr_Format(PyExc_TypeError, "five arguments");
    Columns c = {.count = 0};
    int64_t *slots, wrong = -1;
    double *lat, *lon, *out;
    uint8_t *inside;
    if ((slots = column(&c, args[0], "lq", 8, 0)) && (lat = column(&c, args[1], "d", 8, 0)) && (lon = column(&c, args[2], "d", 8, 0)) &&
        (inside = column(&c, args[3], "?", 1, 0)) && (out = column(&c, args[4], "d", 8, 1))) {
        Py_BEGIN_ALLOW_THREADS
        for (Py_ssize_t i = 0; i < c.n; i++) {
            if (slots[i] < 0 || slots[i] >= k->slots) {
                wrong = i;
                break;
            }
            out[i] = distance_to(k, slots[i], lat[i], lon[i], inside[i]);
        }
        Py_END_ALLOW_THREADS
        if (wrong >= 0)
            PyErr_Format(PyExc_IndexError, "no fence has the number %lld", (long long)slots[wrong]);
    }
    release(&c);
    if (PyErr_Occurred())
        return NULL;
    Py_RETURN_NONE;
}

/* may_cross(lat0, lon0, lat1, lon1, out) */
static PyObject *kernel_may_cross(Kernel *k, PyObject *const *args, Py_ssize_t nargs)
{
    if (nargs != 5)
        return PyErr_Format(PyExc_TypeError, "five arguments");
    Columns c = {.count = 0};
    double *d[4];
    uint8_t *out = NULL;
    int i = 0;
    while (i < 4 && (d[i] = column(&c, args[i], "d", 8, 0)))
        i++;
    if (i == 4 && (out = column(&c, args[4], "?", 1, 1))) {
        Py_BEGIN_ALLOW_THREADS
        for (Py_ssize_t j = 0; j < c.n; j++) {
            Way w = {d[0][j], d[1][j], d[2][j], d[3][j], 0, 0};
            Met m = {k, &w, 1, NULL, 0, 0};
            out[j] = judged(&w) && walk(&m) > 0;
        }
        Py_END_ALLOW_THREADS
    }
    release(&c);
    if (PyErr_Occurred())
        return NULL;
    Py_RETURN_NONE;
}

static int by_slot(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* crossed(lat0, lon0, lat1, lon1) -> [(slot, depth_m)] in order of slot */
static PyObject *kernel_crossed(Kernel *k, PyObject *const *args, Py_ssize_t nargs)
{
    Way w = {0};
    if (nargs != 4)
        return PyErr_Format(PyExc_TypeError, "four arguments");
    if (!number_in(args[0], &w.lat0) || !number_in(args[1], &w.lon0) || !number_in(args[2], &w.lat1) || !number_in(args[3], &w.lon1))
        return NULL;
    PyObject *answer = PyList_New(0);
    if (!answer || !judged(&w))
        return answer;
    Met m = {k, &w, 0, NULL, 0, 0};
    int failed = walk(&m) < 0;
    if (m.n)
        qsort(m.slots, m.n, sizeof(int64_t), by_slot);
    for (Py_ssize_t i = 0; i < m.n && !failed; i++) {
        int64_t slot = m.slots[i];
        int kind = k->kind[slot];
        double depth = kind == CIRCLE ? depth_in_circle(k, k->item[slot], &w)
                       : kind == AREA ? depth_in_area(k, slot, &w)
                                      : depth_in_corridor(k, k->item[slot], &w);
        if (!(depth > 0)) {
            failed = kind == AREA && depth < 0;
            continue;
        }
        PyObject *pair = Py_BuildValue("Ld", (long long)slot, depth);
        failed = !pair || PyList_Append(answer, pair) < 0;
        Py_XDECREF(pair);
    }
    free(m.slots);
    if (failed) {
        Py_DECREF(answer);
        return PyErr_Occurred() ? NULL : PyErr_NoMemory();
    }
    return answer;
}

/* -- who is inside what ----------------------------------------------------------------------------------------------- */

/* Of each device the fences it is inside, as a chain of nodes in order of fence. */
typedef struct {
    int32_t fence, next;
} Node;

typedef struct {
    PyObject_HEAD
    int32_t *head; /* by device: first node, -1 for none */
    double *last_s;
    Py_ssize_t devices;
    Node *nodes;
    int32_t used, room, unused; /* unused: first of the chain of free nodes */
} Presences;

static void presences_dealloc(Presences *p)
{
    PyMem_Free(p->head);
    PyMem_Free(p->last_s);
    PyMem_Free(p->nodes);
    PyTypeObject *type = Py_TYPE(p);
    type->tp_free((PyObject *)p);
    Py_DECREF(type);
}

static PyObject *presences_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    (void)kwargs;
    if (!PyArg_ParseTuple(args, ""))
        return NULL;
    Presences *p = (Presences *)type->tp_alloc(type, 0);
    if (p)
        p->unused = -1;
    return (PyObject *)p;
}

static int grow_devices(Presences *p, Py_ssize_t least)
{
    if (least <= p->devices)
        return 1;
    Py_ssize_t n = p->devices * 2 > least ? p->devices * 2 : least;
    int32_t *head = PyMem_Realloc(p->head, n * sizeof(int32_t));
    if (head)
        p->head = head;
    double *last_s = PyMem_Realloc(p->last_s, n * sizeof(double));
    if (last_s)
        p->last_s = last_s;
    if (!head || !last_s)
        return 0;
    for (Py_ssize_t i = p->devices; i < n; i++) {
        head[i] = -1;
        last_s[i] = -INFINITY;
    }
    p->devices = n;
    return 1;
}

static int32_t new_node(Presences *p)
{
    if (p->unused >= 0) {
        int32_t node = p->unused;
        p->unused = p->nodes[node].next;
        return node;
    }
    if (p->used == p->room) {
        if (p->room > INT32_MAX / 2 - 64)
            return -1;
        int32_t room = p->room * 2 + 64;
        Node *nodes = PyMem_Realloc(p->nodes, room * sizeof(Node));
        if (!nodes)
            return -1;
        p->nodes = nodes;
        p->room = room;
    }
    return p->used++;
}

typedef struct {
    int64_t *row, *fence;
    uint8_t *entered;
    Py_ssize_t n, room;
} Events;

static int tell(Events *e, int64_t row, int64_t fence, int entered)
{
    if (e->n == e->room)
        return 0;
    e->row[e->n] = row;
    e->fence[e->n] = fence;
    e->entered[e->n++] = (uint8_t)entered;
    return 1;
}

/* One fix: the device's chain of fences, in order, against the sorted slots. Exits are told before enters. 0: no room. */
static int change(Presences *p, int64_t device, int64_t row, const int64_t *slots, Py_ssize_t n, Events *e)
{
    int32_t *link = &p->head[device];
    Py_ssize_t i = 0;
    while (*link >= 0) {
        Node *node = &p->nodes[*link];
        while (i < n && slots[i] < node->fence)
            i++;
        if (i < n && slots[i] == node->fence) {
            link = &node->next;
            continue;
        }
        if (!tell(e, row, node->fence, 0))
            return 0;
        int32_t gone = *link;
        *link = node->next;
        p->nodes[gone].next = p->unused;
        p->unused = gone;
    }
    int32_t before = -1, at = p->head[device];
    for (i = 0; i < n; i++) {
        while (at >= 0 && p->nodes[at].fence < slots[i]) {
            before = at;
            at = p->nodes[at].next;
        }
        if (at >= 0 && p->nodes[at].fence == slots[i])
            continue;
        int32_t made = new_node(p); /* may move the nodes */
        if (made < 0 || !tell(e, row, slots[i], 1))
            return 0;
        p->nodes[made].fence = (int32_t)slots[i];
        p->nodes[made].next = at;
        if (before < 0)
            p->head[device] = made;
        else
            p->nodes[before].next = made;
        before = made;
    }
    return 1;
}

/* step(devices, at_s, order or None, points, slots, rows, fences, entered) -> number of events
 *
 * points and slots are those of locate. The room for events must be enough for all that can happen (Python sees to it). */
static PyObject *presences_step(Presences *p, PyObject *const *args, Py_ssize_t nargs)
{
    if (nargs != 8)
        return PyErr_Format(PyExc_TypeError, "eight arguments");
    Columns in = {.count = 0}, pairs = {.count = 0}, out = {.count = 0};
    int64_t *device, *order = NULL, *point, *slot;
    double *at_s;
    Events e = {0};
    int good = (device = column(&in, args[0], "lq", 8, 0)) && (at_s = column(&in, args[1], "d", 8, 0)) &&
               (args[2] == Py_None || (order = column(&in, args[2], "lq", 8, 0))) && (point = column(&pairs, args[3], "lq", 8, 0)) &&
               (slot = column(&pairs, args[4], "lq", 8, 0)) && (e.row = column(&out, args[5], "lq", 8, 1)) &&
               (e.fence = column(&out, args[6], "lq", 8, 1)) && (e.entered = column(&out, args[7], "?", 1, 1));
    int64_t most = -1;
    for (Py_ssize_t i = 0; good && i < in.n; i++) {
        if (device[i] < 0 || device[i] > INT32_MAX || (order && (order[i] < 0 || order[i] >= in.n))) {
            PyErr_SetString(PyExc_ValueError, "device numbers must be 0 or more and less than 2^31");
            good = 0;
            break;
        }
        most = device[i] > most ? device[i] : most;
    }
    for (Py_ssize_t j = 0; good && j < pairs.n; j++)
        if (point[j] < 0 || point[j] >= in.n || (j && point[j] < point[j - 1]) || slot[j] < 0 || slot[j] > INT32_MAX) {
            PyErr_SetString(PyExc_ValueError, "pairs must be those of `locate`");
            good = 0;
        }
    int64_t *start = NULL;
    if (good && (!grow_devices(p, most + 1) || (order && !(start = PyMem_Malloc((in.n + 1) * sizeof(int64_t)))))) {
        PyErr_NoMemory();
        good = 0;
    }
    if (good) {
        e.room = out.n;
        Py_ssize_t j = 0;
        if (order)
            for (Py_ssize_t i = 0; i <= in.n; i++) {
                while (j < pairs.n && point[j] < i)
                    j++;
                start[i] = j;
            }
        j = 0;
        for (Py_ssize_t r = 0; r < in.n; r++) {
            int64_t row = order ? order[r] : r, d = device[row];
            Py_ssize_t from = order ? start[row] : j, to = from;
            if (order)
                to = start[row + 1];
            else
                while (to < pairs.n && point[to] == row)
                    to++;
            j = to;
            if (!(at_s[row] >= p->last_s[d])) /* late, or no time at all */
                continue;
            p->last_s[d] = at_s[row];
            if ((to > from || p->head[d] >= 0) && !change(p, d, row, slot + from, to - from, &e)) {
                PyErr_NoMemory();
                good = 0;
                break;
            }
        }
    }
    PyMem_Free(start);
    release(&in);
    release(&pairs);
    release(&out);
    return good ? PyLong_FromSsize_t(e.n) : NULL;
}

/* step_one(device, at_s, slots) -> [(slot, entered)]: `slots` is the tuple of locate_one. */
static PyObject *presences_step_one(Presences *p, PyObject *const *args, Py_ssize_t nargs)
{
    double at_s;
    if (nargs != 3 || !PyTuple_CheckExact(args[2]))
        return PyErr_Format(PyExc_TypeError, "a device, a time and a tuple");
    Py_ssize_t device = PyNumber_AsSsize_t(args[0], PyExc_ValueError), n = PyTuple_GET_SIZE(args[2]);
    if ((device == -1 && PyErr_Occurred()) || !number_in(args[1], &at_s))
        return NULL;
    if (device < 0 || device > INT32_MAX)
        return PyErr_Format(PyExc_ValueError, "device numbers must be 0 or more and less than 2^31");
    if (!grow_devices(p, device + 1))
        return PyErr_NoMemory();
    PyObject *answer = PyList_New(0);
    if (!answer || !(at_s >= p->last_s[device]))
        return answer;
    Py_ssize_t room = n;
    for (int32_t at = p->head[device]; at >= 0; at = p->nodes[at].next)
        room++;
    if (!room) {
        p->last_s[device] = at_s;
        return answer;
    }
    int64_t *buffer = PyMem_Malloc((3 * room + 1) * sizeof(int64_t)), *slots = buffer;
    Events e = {buffer + room, buffer + 2 * room, NULL, 0, room};
    int good = buffer && (e.entered = PyMem_Malloc(room));
    for (Py_ssize_t i = 0; good && i < n; i++) {
        slots[i] = PyLong_AsLongLong(PyTuple_GET_ITEM(args[2], i));
        if (slots[i] < 0 || slots[i] > INT32_MAX || (i && slots[i] <= slots[i - 1])) {
            if (!PyErr_Occurred())
                PyErr_SetString(PyExc_ValueError, "slots must be those of `locate_one`");
            good = 0;
        }
    }
    if (good) {
        p->last_s[device] = at_s;
        good = change(p, device, 0, slots, n, &e);
    }
    for (Py_ssize_t i = 0; good && i < e.n; i++) {
        PyObject *pair = Py_BuildValue("LO", (long long)e.fence[i], e.entered[i] ? Py_True : Py_False);
        good = pair && PyList_Append(answer, pair) == 0;
        Py_XDECREF(pair);
    }
    PyMem_Free(e.entered);
    PyMem_Free(buffer);
    if (good)
        return answer;
    Py_DECREF(answer);
    return PyErr_Occurred() ? NULL : PyErr_NoMemory();
}

/* held(): how many (device, fence) pairs are inside now: the room that exits may need. */
static PyObject *presences_held(Presences *p, PyObject *unused)
{
    (void)unused;
    Py_ssize_t n = p->used;
    for (int32_t at = p->unused; at >= 0; at = p->nodes[at].next)
        n--;
    return PyLong_FromSsize_t(n);
}

/* -- coverings: covering.py says why they are conservative ------------------------------------------------------------ */

typedef struct {
    uint64_t *keys;
    Py_ssize_t n, room;
} Keys;

typedef struct {
    int64_t row, first, last;
    int toggles;
} Run;

typedef struct {
    Keys levels[3]; /* cells, blocks, tiles */
    Run *runs, *dealt; /* dealt, ends: room to sort the runs in */
    Py_ssize_t *ends;
    Py_ssize_t n, room, dealt_room, row_room;
    double margin, slack;
} Cover;

static int shift_of(int level) { return level == 0 ? 0 : level == 1 ? 5 : 11; }

static uint64_t key_of(int64_t row, int64_t column, int shift)
{
    int bits = 11 - shift;
    int64_t mask = ((int64_t)1 << bits) - 1, tile = (row >> bits) * 360 + (column >> bits), r = row & mask, c = column & mask;
    if (shift == 11)
        return (uint64_t)tile;
    if (shift == 5)
        return (uint64_t)(tile << 12 | r << 6 | c);
    return (uint64_t)(tile << 22 | (r >> 5) << 16 | (c >> 5) << 10 | (r & 31) << 5 | (c & 31));
}

/* A run of columns of the level in a row, taken around where it leaves at one side. 0: no memory. */
static int emit(Cover *c, int level, int64_t row, int64_t first, int64_t last, uint64_t entry)
{
    Keys *k = &c->levels[level];
    int shift = shift_of(level);
    int64_t around = ((int64_t)last_column[row >> (11 - shift)] + 1) >> shift;
    if (last < first)
        return 1;
    if (k->n + (last - first + 1) > k->room) {
        Py_ssize_t room = 2 * k->room + (last - first + 1) + 64;
        uint64_t *more = realloc(k->keys, room * sizeof(uint64_t));
        if (!more)
            return 0;
        k->keys = more;
        k->room = room;
    }
    for (int64_t column = first; column <= last; column++) {
        /* Tiles are cut to the row before: those around it need not be a whole number. */
        int64_t within = shift == 11 || (column >= 0 && column < around) ? column : ((column % around) + around) % around;
        k->keys[k->n++] = key_of(row, within, shift) << 26 | entry;
    }
    return 1;
}

/* As `emit`, for columns of cells: the tiles around a row need not be a whole number. */
static int emit_cells(Cover *c, int level, int64_t row, int64_t first, int64_t last, uint64_t entry)
{
    int shift = shift_of(level);
    int64_t around = (int64_t)last_column[row >> (11 - shift)] + 1;
    if (last - first + 1 >= around)
        first = 0, last = around - 1;
    int64_t turn = (first >= 0 ? first / around : -((-first + around - 1) / around)) * around;
    first -= turn;
    last -= turn;
    int64_t end = last < around ? last : around - 1;
    return emit(c, level, row, first >> shift, end >> shift, entry) && (last < around || emit(c, level, row, 0, (last - around) >> shift, entry));
}

static int64_t row_at(double lat, int shift)
{
    int64_t per = (int64_t)1 << (11 - shift), row = (int64_t)floor((lat + 90.0) * (double)per);
    return row < 0 ? 0 : row > 180 * per - 1 ? 180 * per - 1 : row;
}

static int level_of(double extent) { return extent > 1.5 ? 2 : extent > 0.03 ? 1 : 0; }

/* `square` is sin^2 of half the circle's angle. */
static double half_width(const double *c, double square, double lat)
{
    double t = sin((lat - c[0]) * RADIANS / 2), left = square - t * t;
    double wide = fmax(cos(lat * RADIANS), 0.0) * c[3];
    if (left < 0)
        return -1.0;
    if (left >= wide)
        return 180.0;
    return 2 * asin(sqrt(left / wide)) / RADIANS;
}

static int cover_circle(Cover *c, const double *record, uint64_t slot)
{
    double radius = record[2] / EARTH_RADIUS_M, more = c->slack * (1e-11 + radius * 1e-11), margin = c->margin;
    if (!(record[2] >= 0))
        return 1;
    double outer = fmin(radius + more, M_PI), inner = fmax(radius - more, 0.0), lat = record[0], lon = record[1];
    int level = level_of(2 * radius / RADIANS), shift = shift_of(level);
    double per = (double)(1 << (11 - shift)), ratio = sin(lat * RADIANS) / cos(fmin(outer, 1.5));
    double widest = asin(fmax(fmin(ratio, 1.0), -1.0)) / RADIANS;
    double outside = sin(outer / 2) * sin(outer / 2), within = sin(inner / 2) * sin(inner / 2);
    int64_t last = row_at(lat + outer / RADIANS + margin, shift);
    for (int64_t row = row_at(lat - outer / RADIANS - margin, shift); row <= last; row++) {
        double south = (double)row / per - 90.0 - margin, north = (double)(row + 1) / per - 90.0 + margin;
        double reach = outer > 1.5 ? 180.0 : half_width(record, outside, fmin(fmax(widest, south), north));
        if (reach < 0)
            continue;
        double inside = inner <= 0 || outer > 1.5 ? -1.0 : half_width(record, within, south);
        if (inside > 0)
            inside = fmin(inside, half_width(record, within, north));
        double scale = per_degree[row >> (11 - shift)];
        int64_t begin = (int64_t)floor((lon - reach - margin + 180.0) * scale), end = (int64_t)floor((lon + reach + margin + 180.0) * scale);
        uint64_t border = slot << 2 | CIRCLE;
        if (level == 2) {
            if (!emit_cells(c, level, row, begin, end, border))
                return 0;
            continue;
        }
        begin >>= shift;
        end >>= shift;
        int64_t from = end + 1, to = end;
        if (inside > 0) {
            int64_t f = ((int64_t)floor((lon - inside + margin + 180.0) * scale) >> shift) + 1;
            int64_t t = ((int64_t)floor((lon + inside - margin + 180.0) * scale) >> shift) - 1;
            if (f <= t)
                from = f, to = t;
        }
        if (!emit(c, level, row, begin, from - 1, border) || !emit(c, level, row, from, to, slot << 2) || !emit(c, level, row, to + 1, end, border))
            return 0;
    }
    return 1;
}

/* One edge in each row it reaches, widened: collected as runs of columns of cells. */
static int clip(Cover *c, double x0, double y0, double x1, double y1, int shift, double high, double wide)
{
    double low = fmin(y0, y1) - high - c->margin, top = fmax(y0, y1) + high + c->margin, per = (double)(1 << (11 - shift));
    if (!(top >= -90.0 && low <= 90.0))
        return 1;
    int64_t first = row_at(low, shift), last = row_at(top, shift);
    for (int64_t row = first; row <= last; row++) {
        double south = (double)row / per - 90.0 - high - 2 * c->margin, north = (double)(row + 1) / per - 90.0 + high + 2 * c->margin, a = 0, b = 1;
        if (first != last && y1 != y0) { /* an edge that stays in one row is in it as a whole */
            double p = (south - y0) / (y1 - y0), q = (north - y0) / (y1 - y0);
            a = held(fmin(p, q));
            b = held(fmax(p, q));
        }
        double from = x0 + a * (x1 - x0), to = x0 + b * (x1 - x0), scale = per_degree[row >> (11 - shift)];
        double west = fmin(from, to) - wide - c->margin, east = fmax(from, to) + wide + c->margin, middle = ((double)row + 0.5) / per - 90.0;
        if (c->n == c->room) {
            Py_ssize_t room = 2 * c->room + 64;
            Run *more = realloc(c->runs, room * sizeof(Run));
            if (!more)
                return 0;
            c->runs = more;
            c->room = room;
        }
        c->runs[c->n++] = (Run){row, (int64_t)floor((west + 180.0) * scale), (int64_t)floor((east + 180.0) * scale), (y0 <= middle) != (y1 <= middle)};
    }
    return 1;
}

static int by_first(const void *a, const void *b)
{
    const Run *x = a, *y = b;
    return (x->first > y->first) - (x->first < y->first);
}

/* The runs by row, and within a row by first column: dealt out by row, of which few are in a row. 0: no memory. */
static int sort_runs(Cover *c)
{
    if (!c->n)
        return 1;
    int64_t low = c->runs[0].row, top = low;
    for (Py_ssize_t i = 1; i < c->n; i++) {
        low = c->runs[i].row < low ? c->runs[i].row : low;
        top = c->runs[i].row > top ? c->runs[i].row : top;
    }
    Py_ssize_t rows = (Py_ssize_t)(top - low) + 1;
    if (rows + 1 > c->row_room || c->n > c->dealt_room) {
        Py_ssize_t row_room = 2 * rows + 64, room = 2 * c->n + 64;
        Py_ssize_t *ends = realloc(c->ends, row_room * sizeof(Py_ssize_t));
        if (ends)
            c->ends = ends, c->row_room = row_room;
        Run *dealt = realloc(c->dealt, room * sizeof(Run));
        if (dealt)
            c->dealt = dealt, c->dealt_room = room;
        if (!ends || !dealt)
            return 0;
    }
    memset(c->ends, 0, (rows + 1) * sizeof(Py_ssize_t));
    for (Py_ssize_t i = 0; i < c->n; i++)
        c->ends[c->runs[i].row - low + 1]++;
    for (Py_ssize_t r = 0; r < rows; r++)
        c->ends[r + 1] += c->ends[r];
    for (Py_ssize_t i = 0; i < c->n; i++) /* ends[r] begins where the row begins, and is where it ends when all are dealt */
        c->dealt[c->ends[c->runs[i].row - low]++] = c->runs[i];
    for (Py_ssize_t r = 0; r < rows; r++) {
        Py_ssize_t begin = r ? c->ends[r - 1] : 0, many = c->ends[r] - begin;
        Run *own = c->dealt + begin;
        if (many > 32)
            qsort(own, many, sizeof(Run), by_first);
        else
            for (Py_ssize_t i = 1; i < many; i++) {
                Run run = own[i];
                Py_ssize_t j = i;
                for (; j && own[j - 1].first > run.first; j--)
                    own[j] = own[j - 1];
                own[j] = run;
            }
    }
    Run *runs = c->runs;
    Py_ssize_t room = c->room;
    c->runs = c->dealt, c->room = c->dealt_room;
    c->dealt = runs, c->dealt_room = room;
    return 1;
}

static int cover_area(Cover *c, const double *box, const int32_t *ints, const double *vertices, uint64_t slot)
{
    double nearest = box[1] < 0 && box[3] > 0 ? 0.0 : fmin(fabs(box[1]), fabs(box[3]));
    int level = level_of(fmax(box[3] - box[1], (box[2] - box[0]) * cos(fmin(nearest, 90.0) * RADIANS))), shift = shift_of(level);
    c->n = 0;
    for (Py_ssize_t i = ints[0]; i < ints[1] - 1; i++) {
        const double *v = vertices + 2 * i;
        if (!isnan(v[1]) && !isnan(v[3]) && !clip(c, v[0], v[1], v[2], v[3], shift, 0.0, 0.0))
            return 0;
    }
    for (Py_ssize_t i = 0; i < c->n; i++) {
        int64_t most = last_column[c->runs[i].row >> (11 - shift)];
        Run *r = &c->runs[i];
        r->first = (r->first < 0 ? 0 : r->first > most ? most : r->first) >> shift;
        r->last = (r->last < 0 ? 0 : r->last > most ? most : r->last) >> shift;
    }
    if (!sort_runs(c))
        return 0;
    for (Py_ssize_t i = 0; i < c->n;) {
        int64_t row = c->runs[i].row, begin = c->runs[i].first, reach = c->runs[i].last;
        int crossed = c->runs[i].toggles;
        for (i++; i < c->n && c->runs[i].row == row; i++) {
            if (c->runs[i].first > reach + 1) {
                if (!emit(c, level, row, begin, reach, slot << 2 | AREA) || (crossed % 2 && !emit(c, level, row, reach + 1, c->runs[i].first - 1, slot << 2)))
                    return 0;
                begin = c->runs[i].first;
            }
            reach = c->runs[i].last > reach ? c->runs[i].last : reach;
            crossed += c->runs[i].toggles;
        }
        if (!emit(c, level, row, begin, reach, slot << 2 | AREA))
            return 0;
    }
    return 1;
}

static int cover_corridor(Cover *c, double buffer, const int32_t *ints, const double *pieces, uint64_t slot)
{
    double low = INFINITY, top = -INFINITY, west = INFINITY, east = -INFINITY, widest = 0, high = buffer / METRES_PER_DEGREE * 1.000001;
    if (!(buffer >= 0))
        return 1;
    for (Py_ssize_t i = ints[0]; i < ints[1]; i++) {
        const double *p = pieces + 6 * i;
        double x = p[0] + p[3] / p[2], y = p[1] + p[4] / METRES_PER_DEGREE;
        low = fmin(low, fmin(y, p[1])), top = fmax(top, fmax(y, p[1]));
        west = fmin(west, fmin(x, p[0])), east = fmax(east, fmax(x, p[0]));
        widest = fmax(widest, p[2]);
    }
    int level = level_of(fmax(top - low + 2 * high, (east - west) * widest / METRES_PER_DEGREE)), shift = shift_of(level);
    for (Py_ssize_t i = ints[0]; i < ints[1]; i++) {
        const double *p = pieces + 6 * i;
        c->n = 0;
        if (!clip(c, p[0], p[1], p[0] + p[3] / p[2], p[1] + p[4] / METRES_PER_DEGREE, shift, high, fmin(buffer / p[2] * 1.000001, 180.0)))
            return 0;
        for (Py_ssize_t j = 0; j < c->n; j++)
            if (!emit_cells(c, level, c->runs[j].row, c->runs[j].first, c->runs[j].last, slot << 2 | CORRIDOR))
                return 0;
    }
    return 1;
}

static PyObject *bytes_of(const Keys *k) { return PyBytes_FromStringAndSize((const char *)k->keys, 8 * k->n); }

/* cover(kind, item, circles, area_floats, area_ints, vertices, pieces, first slot, slack) -> keys of cells, blocks, tiles */
static PyObject *kernel_cover(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    (void)module;
    static const char *const types[7] = {"B", "i", "d", "d", "i", "d", "d"};
    static const Py_ssize_t size[7] = {1, 4, 8, 8, 4, 8, 8};
    if (nargs != 9)
        return PyErr_Format(PyExc_TypeError, "nine arguments");
    Py_buffer b[7];
    Py_ssize_t n[7];
    int taken = 0, good = 1;
    double slack, first;
    Cover c = {0};
    if (!number_in(args[7], &first) || !number_in(args[8], &slack))
        return NULL;
    c.slack = slack;
    c.margin = slack * MARGIN;
    for (; good && taken < 7; taken++) {
        if (PyObject_GetBuffer(args[taken], &b[taken], PyBUF_C_CONTIGUOUS | PyBUF_FORMAT) < 0) {
            good = 0;
            break;
        }
        n[taken] = b[taken].len / size[taken];
        if (b[taken].itemsize != size[taken] || !b[taken].format || !strchr(types[taken], b[taken].format[0])) {
            PyErr_Format(PyExc_TypeError, "array %d has the wrong type", taken);
            good = 0;
        }
    }
    PyObject *answer = NULL;
    if (good) {
        const uint8_t *kind = b[0].buf;
        const int32_t *item = b[1].buf, *ints = b[4].buf;
        const double *circles = b[2].buf, *floats = b[3].buf, *vertices = b[5].buf, *pieces = b[6].buf;
        int wrong = n[0] != n[1];
        Py_BEGIN_ALLOW_THREADS
        for (Py_ssize_t i = 0; i < n[0] && good && !wrong; i++) {
            uint64_t slot = (uint64_t)first + (uint64_t)i;
            Py_ssize_t at = item[i];
            if (kind[i] == CIRCLE) {
                wrong = at < 0 || 6 * at + 6 > n[2];
                good = wrong || cover_circle(&c, circles + 6 * at, slot);
                continue;
            }
            if ((wrong = at < 0 || 6 * at + 6 > n[3] || 5 * at + 5 > n[4]))
                break;
            const int32_t *own = ints + 5 * at;
            if ((wrong = own[0] < 0 || own[1] < own[0] || own[1] > (kind[i] == AREA ? n[5] / 2 : n[6] / 6)))
                break;
            if (own[1] == own[0])
                continue;
            good = kind[i] == AREA ? cover_area(&c, floats + 6 * at, own, vertices, slot) : cover_corridor(&c, floats[6 * at + 5], own, pieces, slot);
        }
        Py_END_ALLOW_THREADS
        if (wrong)
            PyErr_SetString(PyExc_ValueError, "geometry that does not hold together");
        else if (!good)
            PyErr_NoMemory();
        else
            answer = Py_BuildValue("NNN", bytes_of(&c.levels[0]), bytes_of(&c.levels[1]), bytes_of(&c.levels[2]));
    }
    while (taken--)
        PyBuffer_Release(&b[taken]);
    for (int i = 0; i < 3; i++)
        free(c.levels[i].keys);
    free(c.runs);
    free(c.dealt);
    free(c.ends);
    return answer;
}

/* -- rewriting blocks: update.py says what for ------------------------------------------------------------------------ */

static int by_key(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static int is_gone(uint64_t entry, const int64_t *gone, Py_ssize_t n, uint8_t *found)
{
    for (Py_ssize_t i = 0; i < n; i++)
        if ((int64_t)(entry >> 2) == gone[i]) {
            found[i] = 1;
            return 1;
        }
    return 0;
}

/* All entries of one block, as cell << 26 | entry. 0: no memory. */
static int block_keys(const Kernel *k, uint64_t number, uint64_t block, const int64_t *gone, Py_ssize_t gones, uint8_t *found, Keys *out)
{
    for (uint64_t line = 0; line < 32; line++) {
        uint64_t word = k->rows[number << 5 | line];
        uint32_t bits = (uint32_t)word, cell = (uint32_t)(word >> 32);
        for (; bits; bits &= bits - 1, cell++) {
            uint32_t entry = k->cells[cell], n = 1;
            const uint32_t *entries = &entry;
            if (entry & SHARED) {
                entries = k->shared + (entry ^ SHARED);
                n = *entries++;
            }
            if (out->n + n > out->room) {
                Py_ssize_t room = 2 * out->room + n + 256;
                uint64_t *more = realloc(out->keys, room * sizeof(uint64_t));
                if (!more)
                    return 0;
                out->keys = more;
                out->room = room;
            }
            uint64_t place = (block << 10 | line << 5 | (uint64_t)__builtin_ctz(bits)) << 26;
            for (uint32_t i = 0; i < n; i++)
                if (!is_gone(entries[i], gone, gones, found))
                    out->keys[out->n++] = place | entries[i];
        }
    }
    return 1;
}

static Py_ssize_t different(uint64_t *a, Py_ssize_t n)
{
    Py_ssize_t m = 0;
    qsort(a, n, 8, by_key);
    for (Py_ssize_t i = 0; i < n; i++)
        if (!m || a[i] != a[m - 1])
            a[m++] = a[i];
    return m;
}

/* As `tile_of`, of a tile as keys have it. */
static int64_t tile_of_key(uint64_t tile) { return (int64_t)(tile / 360 << 9 | tile % 360); }

/* Each cell of sorted keys once, its word, and what goes to `shared`, where it will stand from `first_shared` on; room for all
 * keys, and in `shared` for twice as many. Of a cell that one fence calls interior and border, border wins. */
static void list_cells(const uint64_t *keys, Py_ssize_t n, uint64_t first_shared, int64_t *cell, uint32_t *words, uint32_t *shared, Py_ssize_t *cells, Py_ssize_t *shareds)
{
    Py_ssize_t n_cells = 0, n_shared = 0;
    for (Py_ssize_t i = 0; i < n; n_cells++) {
        uint64_t place = keys[i] >> 26;
        Py_ssize_t begin = n_shared++;
        for (; i < n && keys[i] >> 26 == place; i++)
            if (i + 1 == n || keys[i] >> 2 != keys[i + 1] >> 2)
                shared[n_shared++] = (uint32_t)(keys[i] & 0x3FFFFFF);
        cell[n_cells] = (int64_t)place;
        if (n_shared - begin == 2) {
            words[n_cells] = shared[begin + 1];
            n_shared = begin;
        } else {
            shared[begin] = (uint32_t)(n_shared - begin - 1);
            words[n_cells] = (uint32_t)(first_shared + (uint64_t)begin) | SHARED;
        }
    }
    *cells = n_cells;
    *shareds = n_shared;
}

/* listed(sorted keys, first shared) -> cells, words, shared */
static PyObject *kernel_listed(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    (void)module;
    if (nargs != 2)
        return PyErr_Format(PyExc_TypeError, "two arguments");
    Columns in = {.count = 0};
    Py_ssize_t first_shared = PyLong_AsSsize_t(args[1]), n_cells = 0, n_shared = 0;
    uint64_t *keys = PyErr_Occurred() ? NULL : column(&in, args[0], "LQ", 8, 0);
    PyObject *cell = NULL, *words = NULL, *shared = NULL, *answer = NULL;
    if (keys && (cell = PyBytes_FromStringAndSize(NULL, 8 * in.n)) && (words = PyBytes_FromStringAndSize(NULL, 4 * in.n)) &&
        (shared = PyBytes_FromStringAndSize(NULL, 8 * in.n + 4))) {
        Py_BEGIN_ALLOW_THREADS
        list_cells(keys, in.n, (uint64_t)first_shared, (int64_t *)PyBytes_AS_STRING(cell), (uint32_t *)PyBytes_AS_STRING(words),
                   (uint32_t *)PyBytes_AS_STRING(shared), &n_cells, &n_shared);
        Py_END_ALLOW_THREADS
        if (_PyBytes_Resize(&cell, 8 * n_cells) == 0 && _PyBytes_Resize(&words, 4 * n_cells) == 0 && _PyBytes_Resize(&shared, 4 * n_shared) == 0)
            answer = PyTuple_Pack(3, cell, words, shared);
    }
    Py_XDECREF(cell);
    Py_XDECREF(words);
    Py_XDECREF(shared);
    release(&in);
    return answer;
}

/* row_words(cells, first number) -> rows of blocks that hold some of the sorted cells, their words */
static PyObject *kernel_row_words(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    (void)module;
    if (nargs != 2)
        return PyErr_Format(PyExc_TypeError, "two arguments");
    Columns in = {.count = 0};
    Py_ssize_t first = PyLong_AsSsize_t(args[1]), n = 0;
    int64_t *cell = PyErr_Occurred() ? NULL : column(&in, args[0], "lq", 8, 0);
    PyObject *lines = NULL, *words = NULL, *answer = NULL;
    if (cell && (lines = PyBytes_FromStringAndSize(NULL, 8 * in.n)) && (words = PyBytes_FromStringAndSize(NULL, 8 * in.n))) {
        int64_t *line = (int64_t *)PyBytes_AS_STRING(lines);
        uint64_t *word = (uint64_t *)PyBytes_AS_STRING(words);
        Py_BEGIN_ALLOW_THREADS
        for (Py_ssize_t i = 0; i < in.n; i++) {
            if (!n || cell[i] >> 5 != line[n - 1]) {
                line[n] = cell[i] >> 5;
                word[n++] = (uint64_t)(first + i) << 32;
            }
            word[n - 1] |= (uint64_t)1 << (cell[i] & 31);
        }
        Py_END_ALLOW_THREADS
        if (_PyBytes_Resize(&lines, 8 * n) == 0 && _PyBytes_Resize(&words, 8 * n) == 0)
            answer = PyTuple_Pack(2, lines, words);
    }
    Py_XDECREF(lines);
    Py_XDECREF(words);
    release(&in);
    return answer;
}

/* rewrite(more, less, gone, found, first cell, first shared, first block, first table) -> rows, cells, shared, tables, bands
 *
 * New words of all blocks in which keys of `more` or `less` stand: what is there without the slots in `gone`, with `more`. New
 * tables of their tiles, in which these blocks have the numbers from `first block` on, or 0 if nothing is left; and behind these
 * new lines of the bands, in which the tiles have the numbers of these tables, that stand from `first table` on. */
static PyObject *kernel_rewrite(Kernel *k, PyObject *const *args, Py_ssize_t nargs)
{
    if (nargs != 8)
        return PyErr_Format(PyExc_TypeError, "eight arguments");
    Columns extra = {.count = 0}, less_in = {.count = 0}, out = {.count = 0};
    Py_ssize_t n_blocks = 0;
    uint64_t *block = NULL, *number = NULL;
    int64_t *gone;
    uint64_t *more, *less;
    uint8_t *found;
    PyObject *answer = NULL;
    Keys keys = {0};
    uint64_t *rows = NULL;
    int64_t *cell = NULL;
    uint32_t *cells = NULL, *shared = NULL;
    char *filled = NULL;
    int32_t *tables = NULL;
    int64_t *bands = NULL;
    Py_ssize_t first_cell = PyLong_AsSsize_t(args[4]), first_shared = PyLong_AsSsize_t(args[5]), first_block = PyLong_AsSsize_t(args[6]),
               first_table = PyLong_AsSsize_t(args[7]);
    int good = !PyErr_Occurred() && (more = column(&extra, args[0], "LQ", 8, 0)) && (less = column(&less_in, args[1], "LQ", 8, 0)) &&
               (gone = column(&out, args[2], "lq", 8, 0)) && (found = column(&out, args[3], "?", 1, 1));
    if (good && !((block = malloc((extra.n + less_in.n + 1) * 8)) && (number = malloc((extra.n + less_in.n + 1) * 8)))) {
        PyErr_NoMemory();
        good = 0;
    }
    for (Py_ssize_t i = 0; good && i < extra.n + less_in.n; i++) { /* many keys of a fence stand in one block, in a row */
        uint64_t own = (i < extra.n ? more[i] : less[i - extra.n]) >> 36;
        if (!n_blocks || own != block[n_blocks - 1])
            block[n_blocks++] = own;
    }
    if (good)
        n_blocks = different(block, n_blocks);
    for (Py_ssize_t i = 0; good && i < n_blocks; i++) {
        if (block[i] >> 12 >= 64800) {
            PyErr_SetString(PyExc_ValueError, "no such tile");
            good = 0;
            break;
        }
        number[i] = (uint64_t)at_block(k, k->root_cells, tile_of_key(block[i] >> 12), (int64_t)(block[i] & 4095));
    }
    Py_ssize_t m = 0, n_rows = 0, n_cells = 0, n_shared = 0;
    for (Py_ssize_t i = 0; good && i < n_blocks; i++)
        good = block_keys(k, number[i], block[i], gone, out.n, found, &keys) || (PyErr_NoMemory(), 0);
    if (good) {
        Py_ssize_t all = keys.n + extra.n;
        uint64_t *grown = realloc(keys.keys, (all + 1) * sizeof(uint64_t));
        if (grown)
            keys.keys = grown;
        rows = calloc(32 * (size_t)n_blocks + 1, 8);
        cell = malloc((all + 1) * 8);
        cells = malloc((all + 1) * 4);
        shared = malloc((2 * all + 1) * 4);
        filled = calloc(n_blocks + 1, 1);
        if (!grown || !rows || !cell || !cells || !shared || !filled) {
            PyErr_NoMemory();
            good = 0;
        }
    }
    if (good) {
        if (extra.n)
            memcpy(keys.keys + keys.n, more, extra.n * 8);
        keys.n += extra.n;
        qsort(keys.keys, keys.n, 8, by_key);
        list_cells(keys.keys, keys.n, (uint64_t)first_shared, cell, cells, shared, &n_cells, &n_shared);
        for (Py_ssize_t i = 0; i < n_cells; i++) {
            while (block[m] < (uint64_t)cell[i] >> 10) /* every cell's block is among them */
                m++;
            if (!filled[m]) {
                filled[m] = 1;
                n_rows += 32;
            }
            uint64_t *word = rows + (n_rows - 32) + (cell[i] >> 5 & 31);
            if (!*word)
                *word = (uint64_t)(first_cell + i) << 32;
            *word |= (uint64_t)1 << (cell[i] & 31);
        }
    }
    Py_ssize_t n_tiles = 0, n_bands = 0, n_filled = 0;
    for (Py_ssize_t i = 0; good && i < n_blocks; i++) {
        n_tiles += !i || block[i] >> 12 != block[i - 1] >> 12;
        n_bands += !i || (block[i] >> 12) / 360 != (block[i - 1] >> 12) / 360;
    }
    Py_ssize_t size = 4096 * n_tiles + 512 * n_bands;
    if (good && !((tables = malloc(size * 4 + 1)) && (bands = malloc(n_bands * 8 + 1)))) {
        PyErr_NoMemory();
        good = 0;
    }
    int32_t *table = tables, *line = tables;
    Py_ssize_t lines = 4096 * n_tiles;
    n_tiles = n_bands = 0;
    for (Py_ssize_t i = 0; good && i < n_blocks; i++) {
        int64_t tile = tile_of_key(block[i] >> 12);
        if (!i || block[i] >> 12 != block[i - 1] >> 12) {
            if (!n_bands || bands[n_bands - 1] != tile >> 9) {
                line = tables + lines + 512 * n_bands;
                bands[n_bands++] = tile >> 9;
                memcpy(line, k->tables + ((int64_t)k->root_cells[tile >> 9] << 9), 512 * 4);
            }
            table = tables + 4096 * n_tiles;
            line[tile & 511] = (int32_t)(first_table + 8 * n_tiles++);
            memcpy(table, k->tables + (at_tile(k, k->root_cells, tile) << 9), 4096 * 4);
        }
        table[block[i] & 4095] = filled[i] ? (int32_t)(first_block + n_filled++) : 0;
    }
    if (good)
        answer = Py_BuildValue("y#y#y#y#y#", (char *)rows, 8 * n_rows, (char *)cells, 4 * n_cells, (char *)shared, 4 * n_shared, (char *)tables,
                               4 * size, (char *)bands, 8 * n_bands);
    free(block);
    free(number);
    free(tables);
    free(bands);
    free(keys.keys);
    free(rows);
    free(cell);
    free(cells);
    free(shared);
    free(filled);
    release(&extra);
    release(&less_in);
    release(&out);
    return answer;
}

#define FAST(name, f, doc) {name, (PyCFunction)(void (*)(void))f, METH_FASTCALL, doc}
static PyMethodDef kernel_methods[] = {
    FAST("locate", kernel_locate, "Pairs of many points."),
    FAST("locate_one", kernel_locate_one, "Slots that hold one point."),
    FAST("distance", kernel_distance, "Signed metres to one border."),
    FAST("distances", kernel_distances, "Signed metres of many pairs."),
    FAST("may_cross", kernel_may_cross, "Which ways may pass a fence."),
    FAST("crossed", kernel_crossed, "Slots a way passes, with depth."),
    FAST("rewrite", kernel_rewrite, "New words of changed blocks."),
    {0}};
static PyMethodDef presences_methods[] = {
    FAST("step", presences_step, "Events of a batch."),
    FAST("step_one", presences_step_one, "Changes at one fix."),
    {"held", (PyCFunction)presences_held, METH_NOARGS, "Pairs inside now."},
    {0}};
static PyMethodDef module_methods[] = {
    FAST("cover", kernel_cover, "Keys of the cells that fences touch."),
    FAST("listed", kernel_listed, "Words of the cells of sorted keys."),
    FAST("row_words", kernel_row_words, "Words of the rows of sorted cells."),
    {0}};
static PyType_Slot kernel_slots[] = {{Py_tp_new, kernel_new}, {Py_tp_dealloc, kernel_dealloc}, {Py_tp_methods, kernel_methods}, {0, NULL}};
static PyType_Slot presences_slots[] = {{Py_tp_new, presences_new}, {Py_tp_dealloc, presences_dealloc}, {Py_tp_methods, presences_methods}, {0, NULL}};
static PyType_Spec kernel_spec = {"geofences.index._kernel.Kernel", sizeof(Kernel), 0, Py_TPFLAGS_DEFAULT, kernel_slots};
static PyType_Spec presences_spec = {"geofences.index._kernel.Presences", sizeof(Presences), 0, Py_TPFLAGS_DEFAULT, presences_slots};

static int add(PyObject *module, const char *name, PyType_Spec *spec)
{
    PyObject *type = PyType_FromSpec(spec);
    int failed = !type || PyModule_AddObjectRef(module, name, type) < 0;
    Py_XDECREF(type);
    return !failed;
}

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "_kernel", .m_doc = "The index in C.", .m_size = -1, .m_methods = module_methods};

PyMODINIT_FUNC PyInit__kernel(void)
{
    for (int band = 0; band < 180; band++) {
        int south = abs(band - 90), north = abs(band - 89), columns = 2048;
        double wanted = 2048 * cos((south < north ? south : north) * RADIANS);
        while (columns > 4 && columns / 2 >= wanted * 0.75)
            columns /= 2;
        per_degree[band] = columns;
        last_column[band] = 360 * columns - 1;
    }
    PyObject *module = PyModule_Create(&definition);
    /* Of arrays.py: a kernel built from another version of this file is not used. */
    if (module && PyModule_AddIntConstant(module, "LAYOUT", 2) < 0)
        Py_CLEAR(module);
    if (module && !(add(module, "Kernel", &kernel_spec) && add(module, "Presences", &presences_spec)))
        Py_CLEAR(module);
    return module;
}
