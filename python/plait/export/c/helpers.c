// Functions that generated C calls. Only those that a model uses are written into its file (helpers.py finds them by name).
// In templates T is replaced by a type and the suffix _T by its short name: float and _f32, double and _f64, int32_t and _i32, int64_t and
// _i64, uint8_t and _u8.

static inline uint32_t bits_of(float x) {
  uint32_t b;
  memcpy(&b, &x, sizeof b);
  return b;
}
static inline float from_bits(uint32_t b) {
  float x;
  memcpy(&x, &b, sizeof x);
  return x;
}

/* x = n ln 2 + r; e^r - 1 = r + r^2 tail(r); 1.5 * 2^23 + n leaves n in the low bits. */
static inline float exp_rounded(float x) {
#if FLT_EVAL_METHOD == 0
  return x * 1.44269504f + 12582912.0f;
#else
  return floorf(x * 1.44269504f + 0.5f) + 12582912.0f; /* where sums have more digits than a float */
#endif
}
static inline float exp_rest(float x, float n) { return (x - n * 0.693359375f) - n * -2.12194440e-4f; }
static inline float exp_tail(float r) {
  return 0.5f + r * (0.16666667f + r * (0.041666325f + r * (0.008333219f + r * (0.001394342f + r * 0.00019962619f))));
}
static inline float exp_scale(float p, float rounded) {
  const uint32_t twice = bits_of(rounded) - 0x4B400000u + 254u, half = twice >> 1;
  return p * from_bits(half << 23) * from_bits((twice - half) << 23);
}
static inline float two_to(float rounded, uint32_t shift) { return from_bits((bits_of(rounded) - 0x4B400000u + 127u + shift) << 23); }

static inline float exp_f32(float x) {
  float rounded, r;
  x = x < -104.0f ? -104.0f : x; /* NaN passes both */
  x = x > 89.0f ? 89.0f : x;
  rounded = exp_rounded(x);
  r = exp_rest(x, rounded - 12582912.0f);
  return exp_scale(r * r * exp_tail(r) + r + 1.0f, rounded);
}

static inline float tanh_f32(float x) {
  float a = fabsf(x), rounded, r, q, s, t;
  const float z = a * a;
  const float near = a + a * z * (-0.33333322f + z * (0.13332354f + z * (-0.05372321f + z * 0.019423107f)));
  const int far = a > 0.35f;
  a = a > 10.0f ? 10.0f : a;
  rounded = exp_rounded(2.0f * a);
  r = exp_rest(2.0f * a, rounded - 12582912.0f);
  q = r * r * exp_tail(r) + r;
  s = two_to(rounded, 0);
  t = s * q + (s - 1.0f);
  return copysignf(far ? t / (t + 2.0f) : near, x);
}

static inline float sigmoid_f32(float x) {
  const float e = exp_f32(-fabsf(x));
  return (x < 0 ? e : 1.0f) / (1.0f + e);
}

/* log(1 + f) + e ln 2, and x = m 2^e with m from 2/3 to 4/3. */
static inline float log_of_parts(float f, float e) {
  const float f2 = f * f;
  const float low = 0.33333215f + f * (-0.249998f + f * (0.20010443f + f * -0.16680384f));
  const float high = 0.14005226f + f * (-0.12185884f + f * (0.13987812f + f * -0.12883835f));
  const float tail = f2 * f * (low + f2 * f2 * high) + e * -2.12194440e-4f;
  return e * 0.693359375f + (f + (tail - 0.5f * f2));
}
static inline float log_exponent(float x) {
  const uint32_t t = bits_of(x) - 0x3F2AAAABu + 0x40000000u; /* shifted to be positive */
  return (float)(int32_t)(t >> 23) - 128.0f;
}
static inline float log_mantissa(float x) { return from_bits(bits_of(x) - ((bits_of(x) - 0x3F2AAAABu) & 0xFF800000u)); }

static inline float log_f32(float x) {
  const int small = x < 1.17549435e-38f;
  const float u = small ? x * 8388608.0f : x;
  const float y = log_of_parts(log_mantissa(u) - 1.0f, log_exponent(u) - (small ? 23.0f : 0.0f));
  const float z = x < INFINITY ? y : x, none = x == 0 ? -INFINITY : NAN;
  return x > 0 ? z : none;
}

/* e^(-x^2 / 2): x is split, so that its square is exact. */
static inline float half_gaussian_f32(float x) {
  float a = fabsf(x), high;
  a = a > 20.0f ? 20.0f : a;
  high = from_bits(bits_of(a) & 0xFFFFF000u);
  return exp_f32(-0.5f * high * high) * exp_f32(-0.5f * (a - high) * (a + high));
}
/* By erfc(a) = e^(-a^2) / (1 + 2 a) times a polynomial in q = (a - 2) / (a + 2). */
static inline float normal_cdf_f32(float x) {
  float a = 0.70710678f * fabsf(x), q, p, y;
  a = a > 15.0f ? 15.0f : a;
  q = (a - 2.0f) / (a + 2.0f);
  p = -3.1365056e-05f;
  p = -0.0004388813299f + q * p;
  p = -0.0007973371718f + q * p;
  p = 0.002182784964f + q * p;
  p = 0.006476868005f + q * p;
  p = -0.01456167339f + q * p;
  p = -0.03965362908f + q * p;
  p = 0.2037122706f + q * p;
  p = -0.3697424805f + q * p;
  p = 0.2769783735f + q * p;
  y = 0.5f * half_gaussian_f32(x) / (1.0f + 2.0f * a) * (1.0f + (q + 1.0f) * p);
  return x > 0 ? 1.0f - y : y;
}
static inline float normal_density_f32(float x) { return 0.3989423f * half_gaussian_f32(x); }

/* As tanh: 2^n q + (2^n - 1), by halves so that it is finite as long as e^x is. */
static inline float expm1_f32(float x) {
  float a = x < -20.0f ? -20.0f : x, rounded, r, q, s;
  a = a > 89.0f ? 89.0f : a;
  rounded = exp_rounded(a);
  r = exp_rest(a, rounded - 12582912.0f);
  q = r * r * exp_tail(r) + r;
  s = two_to(rounded - 1.0f, 0);
  q = 2.0f * (s * q + (s - 0.5f));
  return x == 0 ? x : q;
}

/* log(u) with u = 1 + x, corrected by the rounding error of u. */
static inline float log1p_f32(float x) {
  const float u = 1.0f + x, lost = (x - (u - 1.0f)) / u, size = fabsf(x);
  const float far = log_of_parts(log_mantissa(u) - 1.0f, log_exponent(u)) + lost, near = log_of_parts(x, 0.0f);
  const float y = size < 0.33333334f ? near : far, z = x < INFINITY ? y : x, none = x == -1.0f ? -INFINITY : NAN;
  return x > -1.0f ? (x == 0 ? x : z) : none;
}

static inline float softplus_f32(float x) {
  const float z = exp_f32(-fabsf(x));
  const int large = z > 0.33333334f;
  return (x > 0 ? x : (x == x ? 0.0f : x)) + log_of_parts(large ? 0.5f * (z - 1.0f) : z, large ? 1.0f : 0.0f);
}

static inline float erf_f32(float x) {
  float a = fabsf(x), g;
  const float z = a * a;
  const float near =
      a + a * (0.12837917f +
               z * (-0.37612632f + z * (0.112836875f + z * (-0.02685894f + z * (0.005199906f + z * (-0.0008130004f + z * 8.316744e-05f))))));
  const int far = a > 0.92f;
  a = a > 4.0f ? 4.0f : a;
  g = 0.00020702438f + a * (1.1276274f + a * (0.6372659f + a * (0.10385621f + a * (-0.022189688f + a * (0.0030336669f + a * -0.00019494377f)))));
  return copysignf(far ? 1.0f - exp_f32(-g) : near, x);
}

/* The same in double precision. */
static inline uint64_t bits_of_f64(double x) {
  uint64_t b;
  memcpy(&b, &x, sizeof b);
  return b;
}
static inline double from_bits_f64(uint64_t b) {
  double x;
  memcpy(&x, &b, sizeof x);
  return x;
}
static inline double exp_rounded_f64(double x) {
#if FLT_EVAL_METHOD == 0 || FLT_EVAL_METHOD == 1
  return x * 1.4426950408889634 + 6755399441055744.0;
#else
  return floor(x * 1.4426950408889634 + 0.5) + 6755399441055744.0;
#endif
}
static inline double exp_rest_f64(double x, double n) { return (x - n * 0.6931471803691238) - n * 1.9082149292705877e-10; }
static inline double exp_tail_f64(double r) {
  const double high =
      0.0013888888895841533 +
      r * (0.00019841269875629493 +
           r * (2.4801574133598267e-05 +
                r * (2.7557254362540376e-06 + r * (2.756821349372555e-07 + r * (2.510565187331346e-08 + r * 1.7616296175638232e-09)))));
  return 0.5000000000000001 + r * (0.1666666666666667 + r * (0.0416666666666517 + r * (0.008333333333325909 + r * high)));
}
static inline double exp_f64(double x) {
  double rounded, r;
  uint64_t twice, half;
  x = x < -746.0 ? -746.0 : x;
  x = x > 710.0 ? 710.0 : x;
  rounded = exp_rounded_f64(x);
  r = exp_rest_f64(x, rounded - 6755399441055744.0);
  twice = bits_of_f64(rounded) - UINT64_C(0x4338000000000000) + 2046u;
  half = twice >> 1;
  return (r * r * exp_tail_f64(r) + r + 1.0) * from_bits_f64(half << 52) * from_bits_f64((twice - half) << 52);
}
static inline double tanh_f64(double x) {
  double a = fabs(x), rounded, r, q, s, t;
  const double z = a * a;
  const double high =
      -0.008863227676814427 + z * (0.003591978339278997 + z * (-0.0014540684431016489 + z * (0.0005773569015668815 + z * -0.00018769838459700673)));
  const double near =
      a + a * z * (-0.3333333333333332 + z * (0.1333333333332937 + z * (-0.05396825396376588 + z * (0.02186948828672463 + z * high))));
  const int far = a > 0.35;
  a = a > 20.0 ? 20.0 : a;
  rounded = exp_rounded_f64(2.0 * a);
  r = exp_rest_f64(2.0 * a, rounded - 6755399441055744.0);
  q = r * r * exp_tail_f64(r) + r;
  s = from_bits_f64((bits_of_f64(rounded) - UINT64_C(0x4338000000000000) + 1023u) << 52);
  t = s * q + (s - 1.0);
  return copysign(far ? t / (t + 2.0) : near, x);
}
static inline double sigmoid_f64(double x) {
  const double e = exp_f64(-fabs(x));
  return (x < 0 ? e : 1.0) / (1.0 + e);
}
/* With s = f / (2 + f): the form of FreeBSD's msun; the coefficients are for this interval. */
static inline double log_of_parts_f64(double f, double e) {
  const double s = f / (2.0 + f), z = s * s, half = 0.5 * f * f;
  const double low = 0.6666666666666735 + z * (0.3999999999941109 + z * (0.28571428743263505 + z * 0.22222198475855387));
  const double high = 0.1818356974796927 + z * (0.15313903014769606 + z * 0.14797510206922568);
  const double r = z * (low + z * z * (z * z) * high);
  return e * 0.6931471803691238 + (f - (half - (s * (half + r) + e * 1.9082149292705877e-10)));
}
static inline double log_f64(double x) {
  const int small = x < 2.2250738585072014e-308;
  const double u = small ? x * 4503599627370496.0 : x;
  const uint64_t t = bits_of_f64(u) - UINT64_C(0x3FE6A09E667F3BCD) + UINT64_C(0x3FF0000000000000);
  const double e = from_bits_f64((t >> 52) | UINT64_C(0x4330000000000000)) - 4503599627371519.0;
  const double m = from_bits_f64(bits_of_f64(u) - ((t & UINT64_C(0xFFF0000000000000)) - UINT64_C(0x3FF0000000000000)));
  const double y = log_of_parts_f64(m - 1.0, small ? e - 52.0 : e), z = x < INFINITY ? y : x;
  const double none = x == 0 ? -(double)INFINITY : (double)NAN;
  return x > 0 ? z : none;
}
static inline double softplus_f64(double x) {
  const double z = exp_f64(-fabs(x));
  const int large = z > 0.41421356237309503;
  return (x > 0 ? x : (x == x ? 0.0 : x)) + log_of_parts_f64(large ? 0.5 * (z - 1.0) : z, large ? 1.0 : 0.0);
}
/* e^x - 1 - x: the series up to 1, beyond it the difference, where there is little cancellation. */
static double expm1mx_f64(double x) {
  double term = x * x / 2, sum = 0;
  int k;
  if (fabs(x) > 1 || x != x) return x < INFINITY ? expm1(x) - x : x;
  for (k = 3; k < 25; ++k) {
    sum += term;
    term *= x / k;
  }
  return sum;
}

static float expm1mx_f32(float x) { return (float)expm1mx_f64((double)x); }

static double logaddexp_f64(double x, double y) {
  if (x == y) return x + 0.6931471805599453;
  if (x != x || y != y) return x + y;
  return (x > y ? x : y) + log1p(exp(-fabs(x - y)));
}

static float logaddexp_f32(float x, float y) { return (float)logaddexp_f64((double)x, (double)y); }

/* x s(x) with s = sigmoid(x) has the slope s + x s (1 - s). */
static T silu_slope_T(T x, T s) {
  const T density = s * (1 - s);
  return density == 0 ? s : s + x * density;
}

/* x / length: 0 where that is 0, and 1 or -1 of infinities. */
static T length_share_T(T x, T length) {
  if (length == 0) return 0;
  return x - x == 0 || x != x ? x / length : (T)(x < 0 ? -1 : 1);
}

static inline float logistic_density_f32(float x) {
  const float e = exp_f32(-fabsf(x));
  return e / ((1.0f + e) * (1.0f + e));
}
static double logistic_density_f64(double x) {
  const double e = exp(-fabs(x));
  return e / ((1 + e) * (1 + e));
}

static double gaussian_f64(double x) {
  const double square = x * x, rest = fma(x, x, -square), e = exp(-square);
  return e > 0 ? e - e * rest : e;
}

/* softplus(x) - x t, and its slope for x. */
static inline float logistic_loss_f32(float x, float t) {
  const float share = x > 0 ? 1.0f - t : -t, line = share == 0 ? 0.0f : share * x;
  return line + softplus_f32(-fabsf(x));
}
static double logistic_loss_f64(double x, double t) {
  const double share = x > 0 ? 1 - t : -t, line = share == 0 ? 0 : share * x;
  return line + log1p(exp(-fabs(x)));
}
static inline float logistic_loss_slope_f32(float x, float t) {
  const float e = exp_f32(-fabsf(x)), s = e / (1.0f + e);
  return x > 0 ? (1.0f - t) - s : s - t;
}
static double logistic_loss_slope_f64(double x, double t) {
  const double e = exp(-fabs(x)), s = e / (1 + e);
  return x > 0 ? (1 - t) - s : s - t;
}

static T logaddexp_slope_T(T x, T y) {
  double e, d;
  if (x == y) return (T)(x < 0 && x - x != 0 ? 0.0 : 0.5);
  d = (double)x - (double)y;
  e = exp(-fabs(d));
  return (T)((d < 0 ? e : 1.0) / (1.0 + e));
}

static T remainder_T(T x, T y) {
  const double r = fmod((double)x, (double)y);
  if (r == 0) return (T)copysign(r, (double)y);
  return (T)((r < 0) != (y < 0) ? r + (double)y : r);
}

static T floor_divide_T(T x, T y) {
  double r, q, whole;
  if (y == 0) return x / y;
  r = fmod((double)x, (double)y);
  q = ((double)x - r) / (double)y;
  if (r != 0 && (r < 0) != (y < 0)) q -= 1;
  if (q == 0) return (T)copysign(0.0, (double)(x / y));
  whole = floor(q);
  return (T)(q - whole > 0.5 ? whole + 1 : whole);
}

/* Integers wrap, as in NumPy: two's complement by way of unsigned ones. */
static inline int64_t wrapped_i64(uint64_t x) { return x <= (uint64_t)INT64_MAX ? (int64_t)x : -(int64_t)(UINT64_MAX - x) - 1; }

static int64_t divide_int(int64_t a, int64_t b) {
  if (b == 0) return 0;
  return b == -1 ? (a == INT64_MIN ? 0 : -a) : a / b;
}
static int64_t floor_divide_int(int64_t a, int64_t b) {
  if (b == 0) return 0;
  if (b == -1) return wrapped_i64(0 - (uint64_t)a);
  return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);
}
static int64_t remainder_int(int64_t a, int64_t b) {
  int64_t r;
  if (b == 0 || b == -1) return 0;
  r = a % b;
  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}

/* Values outside of the integer's range, and NaN, become the smallest integer. */
static inline int32_t to_i32(double x) { return x > -2147483649.0 && x < 2147483648.0 ? (int32_t)x : INT32_MIN; }
static inline int64_t to_i64(double x) { return x >= -9223372036854775808.0 && x < 9223372036854775808.0 ? (int64_t)x : INT64_MIN; }

static inline int32_t narrow_i32(int64_t x) {
  const uint32_t low = (uint32_t)((uint64_t)x & 0xFFFFFFFFu);
  return low <= (uint32_t)INT32_MAX ? (int32_t)low : -(int32_t)(UINT32_MAX - low) - 1;
}

/* The logarithmic derivative of Gamma, and its derivative. */
static double sin_pi_f64(double f) { return sin(3.141592653589793 * f); }
static double digamma_f64(double x) {
  double a = x < 0 ? 1.0 - x : x, sum = 0, v, z, f;
  if (x != x || x == INFINITY) return x;
  for (; a < 8.0; a += 1.0) sum += 1.0 / a;
  v = 1.0 / a;
  z = v * v;
  sum = (log(a) - 0.5 * v) - z * (1.0 / 12 - z * (1.0 / 120 - z * (1.0 / 252 - z * (1.0 / 240 - z * (1.0 / 132 - z * (691.0 / 32760 - z / 12)))))) - sum;
  if (!(x < 0)) return sum;
  f = x - floor(x + 0.5);
  return f == 0 ? (double)NAN : sum - 3.141592653589793 * sin_pi_f64(0.5 - fabs(f)) / sin_pi_f64(f);
}
static double trigamma_f64(double x) {
  double a = x < 0 ? 1.0 - x : x, sum = 0, v, z, s;
  if (x != x) return x;
  if (x == INFINITY) return 0;
  for (; a < 8.0; a += 1.0) sum += 1.0 / (a * a);
  v = 1.0 / a;
  z = v * v;
  sum += v + z * (0.5 + v * (1.0 / 6 - z * (1.0 / 30 - z * (1.0 / 42 - z * (1.0 / 30 - z * (5.0 / 66 - z * (691.0 / 2730 - z * 7 / 6)))))));
  s = 3.141592653589793 / sin_pi_f64(x - floor(x + 0.5));
  return x < 0 ? s * s - sum : sum;
}

/* An index out of range is replaced by the nearest valid one, and recorded. */
static int failed;
static ptrdiff_t checked(int64_t i, ptrdiff_t size, int from_end) {
  if (from_end && i < 0) i += size;
  if (i >= 0 && i < size) return (ptrdiff_t)i;
  failed = 1;
  return i < 0 ? 0 : size - 1;
}

static void take_T(const T *x, const int64_t *index, T *y, ptrdiff_t outer, ptrdiff_t size, ptrdiff_t inner, ptrdiff_t count) {
  ptrdiff_t o, k, i;
  for (o = 0; o < outer; ++o)
    for (k = 0; k < count; ++k) {
      const T *from;
      T *to = y + (o * count + k) * inner;
      if (size == 0) {
        failed = 1;
        for (i = 0; i < inner; ++i) to[i] = 0;
        continue;
      }
      from = x + (o * size + checked(index[k], size, 1)) * inner;
      for (i = 0; i < inner; ++i) to[i] = from[i];
    }
}

static void take_gradient_T(const T *g, const int64_t *index, T *y, ptrdiff_t outer, ptrdiff_t size, ptrdiff_t inner, ptrdiff_t count) {
  ptrdiff_t o, k, i;
  for (i = 0; i < outer * size * inner; ++i) y[i] = 0;
  if (size == 0) return;
  for (o = 0; o < outer; ++o)
    for (k = 0; k < count; ++k) {
      T *to = y + (o * size + checked(index[k], size, 1)) * inner;
      const T *from = g + (o * count + k) * inner;
      for (i = 0; i < inner; ++i) to[i] = add_T(to[i], from[i]);
    }
}

static void take_along_T(const T *x, const int64_t *index, T *y, ptrdiff_t outer, ptrdiff_t size, ptrdiff_t inner, ptrdiff_t count, int from_end) {
  ptrdiff_t o, k, i;
  for (o = 0; o < outer; ++o)
    for (k = 0; k < count; ++k)
      for (i = 0; i < inner; ++i) {
        const ptrdiff_t part = (o * count + k) * inner + i;
        if (size == 0) failed = 1;
        y[part] = size == 0 ? 0 : x[(o * size + checked(index[part], size, from_end)) * inner + i];
      }
}

static void take_along_gradient_T(const T *g, const int64_t *index, T *y, ptrdiff_t outer, ptrdiff_t size, ptrdiff_t inner, ptrdiff_t count,
                                  int from_end) {
  ptrdiff_t o, k, i;
  for (i = 0; i < outer * size * inner; ++i) y[i] = 0;
  if (size == 0) return;
  for (o = 0; o < outer; ++o)
    for (k = 0; k < count; ++k)
      for (i = 0; i < inner; ++i) {
        const ptrdiff_t part = (o * count + k) * inner + i;
        T *to = y + (o * size + checked(index[part], size, from_end)) * inner + i;
        *to = add_T(*to, g[part]);
      }
}

static void one_hot_T(const int64_t *index, T *y, ptrdiff_t count, ptrdiff_t depth) {
  ptrdiff_t k;
  for (k = 0; k < count * depth; ++k) y[k] = 0;
  if (depth == 0) return;
  for (k = 0; k < count; ++k) y[k * depth + checked(index[k], depth, 0)] = 1;
}

static void lengths_i64(const int64_t *n, int64_t steps, int64_t *y, ptrdiff_t count) {
  ptrdiff_t k;
  for (k = 0; k < count; ++k) y[k] = (int64_t)checked(n[k], (ptrdiff_t)steps + 1, 0);
}

static inline float add_f32(float a, float b) { return a + b; }
static inline double add_f64(double a, double b) { return a + b; }
static inline int64_t add_i64(int64_t a, int64_t b) { return wrapped_i64((uint64_t)a + (uint64_t)b); }
static inline int32_t add_i32(int32_t a, int32_t b) { return narrow_i32((int64_t)a + (int64_t)b); }
static inline uint8_t add_u8(uint8_t a, uint8_t b) { return a != 0 || b != 0; }
static void cumsum_T(const T *x, T *y, ptrdiff_t outer, ptrdiff_t size, ptrdiff_t inner, int reverse) {
  ptrdiff_t o, k, i;
  for (o = 0; o < outer; ++o)
    for (k = 0; k < size; ++k) {
      const ptrdiff_t row = o * size + (reverse ? size - 1 - k : k), before = reverse ? row + 1 : row - 1;
      for (i = 0; i < inner; ++i) y[row * inner + i] = k == 0 ? x[row * inner + i] : add_T(y[before * inner + i], x[row * inner + i]);
    }
}

static void cholesky_T(const T *a, T *l, ptrdiff_t stack, ptrdiff_t n) {
  ptrdiff_t s, i, j, k;
  for (s = 0; s < stack; ++s, a += n * n, l += n * n) {
    int good = 1;
    for (j = 0; j < n; ++j) {
      T d = a[j * n + j];
      for (i = 0; i < j; ++i) l[i * n + j] = 0;
      for (k = 0; k < j; ++k) d -= l[j * n + k] * l[j * n + k];
      good = good && d > 0;
      d = (T)sqrt((double)d);
      l[j * n + j] = d;
      for (i = j + 1; i < n; ++i) {
        T sum = a[i * n + j];
        for (k = 0; k < j; ++k) sum -= l[i * n + k] * l[j * n + k];
        l[i * n + j] = sum / d;
      }
    }
    if (!good)
      for (k = 0; k < n * n; ++k) l[k] = (T)NAN;
  }
}

static void triangular_solve_T(const T *l, const T *b, T *x, ptrdiff_t stack, ptrdiff_t step, ptrdiff_t n, ptrdiff_t m, int transposed) {
  ptrdiff_t s, turn, k, c;
  for (s = 0; s < stack; ++s, l += step, b += n * m, x += n * m) {
    for (k = 0; k < n * m; ++k) x[k] = b[k];
    for (turn = 0; turn < n; ++turn) {
      const ptrdiff_t i = transposed ? n - 1 - turn : turn, end = transposed ? n : i;
      for (k = transposed ? i + 1 : 0; k < end; ++k) {
        const T f = transposed ? l[k * n + i] : l[i * n + k];
        for (c = 0; c < m; ++c) x[i * m + c] -= f * x[k * m + c];
      }
      for (c = 0; c < m; ++c) x[i * m + c] /= l[i * n + i];
    }
  }
}

/* Gaussian elimination with partial pivoting: makes the matrix upper triangular, with the right-hand sides. Counts row exchanges. */
static ptrdiff_t eliminate_T(T *a, T *rows, ptrdiff_t n, ptrdiff_t m) {
  ptrdiff_t i, k, c, exchanges = 0;
  for (k = 0; k < n; ++k) {
    ptrdiff_t pivot = k;
    for (i = k + 1; i < n; ++i)
      if (fabs((double)a[i * n + k]) > fabs((double)a[pivot * n + k])) pivot = i;
    if (pivot != k) {
      ++exchanges;
      for (c = 0; c < n; ++c) { const T t = a[k * n + c]; a[k * n + c] = a[pivot * n + c]; a[pivot * n + c] = t; }
      for (c = 0; c < m; ++c) { const T t = rows[k * m + c]; rows[k * m + c] = rows[pivot * m + c]; rows[pivot * m + c] = t; }
    }
    if (a[k * n + k] == 0) continue;
    for (i = k + 1; i < n; ++i) {
      const T f = a[i * n + k] / a[k * n + k];
      if (f == 0) continue;
      for (c = k + 1; c < n; ++c) a[i * n + c] -= f * a[k * n + c];
      for (c = 0; c < m; ++c) rows[i * m + c] -= f * rows[k * m + c];
    }
  }
  return exchanges;
}

static void linear_solve_T(const T *a, const T *b, T *x, T *u, ptrdiff_t stack, ptrdiff_t step, ptrdiff_t n, ptrdiff_t m) {
  ptrdiff_t s, i, k, c;
  for (s = 0; s < stack; ++s, a += step, b += n * m, x += n * m) {
    int regular = 1;
    for (k = 0; k < n * n; ++k) u[k] = a[k];
    for (k = 0; k < n * m; ++k) x[k] = b[k];
    (void)eliminate_T(u, x, n, m);
    for (i = 0; i < n; ++i) regular = regular && u[i * n + i] != 0;
    for (i = n; i-- > 0;) {
      for (k = i + 1; k < n; ++k)
        for (c = 0; c < m; ++c) x[i * m + c] -= u[i * n + k] * x[k * m + c];
      for (c = 0; c < m; ++c) x[i * m + c] = regular ? x[i * m + c] / u[i * n + i] : (T)NAN;
    }
  }
}

static void slogdet_T(const T *a, T *y, T *u, ptrdiff_t stack, ptrdiff_t n) {
  ptrdiff_t s, k;
  for (s = 0; s < stack; ++s, a += n * n, y += 2) {
    T sign, size = 0;
    for (k = 0; k < n * n; ++k) u[k] = a[k];
    sign = eliminate_T(u, u, n, 0) % 2 == 0 ? (T)1 : (T)-1;
    for (k = 0; k < n; ++k) {
      const T head = u[k * n + k];
      sign = head == 0 ? (T)0 : head < 0 ? -sign : head > 0 ? sign : head;
      size += (T)log(fabs((double)head));
    }
    y[0] = sign;
    y[1] = sign == 0 ? (T)-INFINITY : size;
  }
}

/* The order of sorting: smaller, or equal with a lower index; NaN comes last. */
static int ahead_T(const T *x, ptrdiff_t i, ptrdiff_t j) {
  const T a = x[i], b = x[j];
  int none_a, none_b;
  if (a < b) return 1;
  if (b < a) return 0;
  none_a = !(a <= 0) && !(a > 0);
  none_b = !(b <= 0) && !(b > 0);
  return none_a == none_b ? i < j : none_b;
}

/* Heapsort of the indices: in place, and stable since no two indices are equal. */
static void argsort_T(const T *x, int64_t *y, ptrdiff_t rows, ptrdiff_t n) {
  ptrdiff_t row, i, end, from;
  for (row = 0; row < rows; ++row, x += n, y += n) {
    for (i = 0; i < n; ++i) y[i] = i;
    for (from = n / 2, end = n; end > 1;) {
      ptrdiff_t at, child;
      int64_t place;
      if (from > 0) {
        place = y[--from];
      } else {
        place = y[--end];
        y[end] = y[0];
      }
      for (at = from; (child = 2 * at + 1) < end; at = child) {
        if (child + 1 < end && ahead_T(x, (ptrdiff_t)y[child], (ptrdiff_t)y[child + 1])) ++child;
        if (!ahead_T(x, (ptrdiff_t)place, (ptrdiff_t)y[child])) break;
        y[at] = y[child];
      }
      y[at] = place;
    }
  }
}

/* Philox4x32-10 (Salmon, Moraes, Dror, Shaw 2011) in groups of sixteen blocks, then Box and Muller: the numbers that the program draws. */
static uint64_t mix_seed(uint64_t seed, uint64_t tag) {
  uint64_t z = seed + UINT64_C(0x9E3779B97F4A7C15) * (tag + 1);
  z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
  return z ^ (z >> 31);
}
static void random_block(uint32_t w[4], uint64_t i, uint64_t key, uint64_t stream) {
  uint32_t c0 = (uint32_t)(i & 0xFFFFFFFFu), c1 = (uint32_t)(i >> 32), c2 = (uint32_t)(stream & 0xFFFFFFFFu), c3 = (uint32_t)(stream >> 32);
  uint32_t k0 = (uint32_t)(key & 0xFFFFFFFFu), k1 = (uint32_t)(key >> 32);
  int round;
  for (round = 0; round < 10; ++round) {
    const uint64_t p0 = (uint64_t)0xD2511F53u * c0, p1 = (uint64_t)0xCD9E8D57u * c2;
    const uint32_t n0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0, n2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
    c1 = (uint32_t)(p1 & 0xFFFFFFFFu);
    c3 = (uint32_t)(p0 & 0xFFFFFFFFu);
    c0 = n0;
    c2 = n2;
    k0 = (uint32_t)((k0 + UINT64_C(0x9E3779B9)) & 0xFFFFFFFFu);
    k1 = (uint32_t)((k1 + UINT64_C(0xBB67AE85)) & 0xFFFFFFFFu);
  }
  w[0] = c0;
  w[1] = c1;
  w[2] = c2;
  w[3] = c3;
}
static double unit_f64(uint32_t high, uint32_t low) { return (double)((((uint64_t)high << 32) | low) >> 11) * 1.1102230246251565e-16; }
/* Number e of a group: word e / 16 of block e % 16, or for double two words. */
static void random_uniform_f32(float *y, ptrdiff_t count, uint64_t key, uint64_t stream) {
  ptrdiff_t i;
  uint32_t w[4];
  for (i = 0; i < count; ++i) {
    random_block(w, (uint64_t)(i / 64 * 16 + i % 16), key, stream);
    y[i] = (float)(int32_t)(w[i % 64 / 16] >> 8) * 5.9604644775390625e-08f;
  }
}
static void random_uniform_f64(double *y, ptrdiff_t count, uint64_t key, uint64_t stream) {
  ptrdiff_t i;
  uint32_t w[4];
  for (i = 0; i < count; ++i) {
    const ptrdiff_t k = i % 32 / 16;
    random_block(w, (uint64_t)(i / 32 * 16 + i % 16), key, stream);
    y[i] = unit_f64(w[2 * k], w[2 * k + 1]);
  }
}
/* The low 30 bits, signed: an angle within its quadrant. */
static int32_t around(uint32_t b) { return (int32_t)(b & 0x1FFFFFFFu) - ((b & 0x20000000u) != 0 ? 0x20000000 : 0); }
static void random_normal_f32(float *y, ptrdiff_t count, uint64_t key, uint64_t stream) {
  ptrdiff_t i;
  uint32_t w[4];
  for (i = 0; i < count; ++i) {
    const ptrdiff_t half = i % 64 / 32;
    uint32_t a, b;
    float u, r, t, z, s, c;
    int swap;
    random_block(w, (uint64_t)(i / 64 * 16 + i % 16), key, stream);
    a = w[2 * half];
    b = w[2 * half + 1];
    u = (float)(int32_t)(a >> 1) * 4.656612873077393e-10f + 2.3283064365386963e-10f;
    r = sqrtf(-2.0f * log_of_parts(log_mantissa(u) - 1.0f, log_exponent(u)));
    t = (float)around(b) * 1.862645149230957e-09f;
    z = t * t;
    s = t * (0.7853982f + z * (-0.080745436f + z * (0.002490001f + z * -3.595045e-05f)));
    c = 1.0f + z * (-0.30842513f + z * (0.015854327f + z * (-0.00032594008f + z * 3.5303378e-06f)));
    swap = (b & 0x40000000u) != 0;
    if ((b & 0x80000000u) != 0) r = -r;
    y[i] = i % 32 < 16 ? r * (swap ? s : c) : r * (swap ? c : s);
  }
}
static void random_normal_f64(double *y, ptrdiff_t count, uint64_t key, uint64_t stream) {
  ptrdiff_t i;
  uint32_t w[4];
  for (i = 0; i < count; ++i) {
    double u, r, t, s, c;
    int swap;
    random_block(w, (uint64_t)(i / 32 * 16 + i % 16), key, stream);
    u = unit_f64(w[0], w[1]) + 5.551115123125783e-17;
    r = sqrt(-2.0 * log(u));
    t = ((double)around(w[2]) * 1.862645149230957e-09 + (double)(int32_t)(w[3] >> 9) * 2.220446049250313e-16) * 0.7853981633974483;
    s = sin(t);
    c = cos(t);
    swap = (w[2] & 0x40000000u) != 0;
    if ((w[2] & 0x80000000u) != 0) r = -r;
    y[i] = i % 32 < 16 ? r * (swap ? s : c) : r * (swap ? c : s);
  }
}

#ifdef FP_FAST_FMAF
#define MULTIPLY_ADD_F32(a, b, c) fmaf(a, b, c)
#else
#define MULTIPLY_ADD_F32(a, b, c) ((a) * (b) + (c))
#endif
#ifdef FP_FAST_FMA
#define MULTIPLY_ADD_F64(a, b, c) fma(a, b, c)
#else
#define MULTIPLY_ADD_F64(a, b, c) ((a) * (b) + (c))
#endif
