"""More of Hock and Schittkowski (1981), and of Schittkowski, More Test Examples (1987): start, optimum, other minima, f, g >= 0, h = 0, bounds."""

import math

from reference.hs_functions import cos, exp, log, sin, sqrt

import plait

MORE = {}


def erf(v):
    return plait.erf(v) if isinstance(v, plait.Node) else math.erf(v)


def phi(v):
    return 0.5 * (1 + erf(v / math.sqrt(2)))


def add(name, x0, best, f, g=None, h=None, b=None, local=()):
    MORE[name] = (x0, best, local, f, g, h, b)


# fmt: off
A57 = [
    8, 8, 10, 10, 10, 10, 12, 12, 12, 12, 14, 14, 14, 16, 16, 16, 18, 18, 20, 20, 20, 22, 22, 22, 24, 24, 24, 26, 26, 26, 28, 28, 30,
    30, 30, 32, 32, 34, 36, 36, 38, 38, 40, 42,
]
# fmt: on
# fmt: off
B57 = [
    0.49, 0.49, 0.48, 0.47, 0.48, 0.47, 0.46, 0.46, 0.45, 0.43, 0.45, 0.43, 0.43, 0.44, 0.43, 0.43, 0.46, 0.45, 0.42, 0.42, 0.43, 0.41,
    0.41, 0.40, 0.42, 0.40, 0.40, 0.41, 0.40, 0.41, 0.41, 0.40, 0.40, 0.40, 0.38, 0.41, 0.40, 0.40, 0.41, 0.38, 0.40, 0.40, 0.39, 0.39,
]
# fmt: on
add(
    "HS57",
    [0.42, 5.0],
    0.02845966972,
    lambda x: sum((b - x[0] - (0.49 - x[0]) * exp(-x[1] * (a - 8))) ** 2 for a, b in zip(A57, B57, strict=True)),
    lambda x: [0.49 * x[1] - x[0] * x[1] - 0.09],
    None,
    [(0.4, None), (-4, None)],
    (0.030646306,),
)
for nm, a, b, d, n, best in (("HS68", 1e-4, 1.0, 1.0, 24, -0.920425026), ("HS69", 0.1, 1000.0, 1.0, 4, -956.71288)):
    add(
        nm,
        [1.0] * 4,
        best,
        lambda x, a=a, b=b, n=n: (a * n - (b * (exp(x[0]) - 1) - x[2]) * x[3] / (exp(x[0]) - 1 + x[3])) / x[0],
        None,
        lambda x, d=d, n=n: [x[2] - 2 * phi(-x[1]), x[3] - phi(-x[1] + d * math.sqrt(n)) - phi(-x[1] - d * math.sqrt(n))],
        [(1e-4, 100), (0, 100), (0, 2), (0, 2)],
    )
# fmt: off
Y70 = [
    0.00189, 0.1038, 0.268, 0.506, 0.577, 0.604, 0.725, 0.898, 0.947, 0.845, 0.702, 0.528, 0.385, 0.257, 0.159, 0.0869, 0.0453,
    0.01509, 0.00189,
]
# fmt: on


def f70(x):
    s = 0
    b = x[2] + (1 - x[2]) * x[3]
    for i, y in enumerate(Y70):
        c = 0.1 if i == 0 else float(i)
        t = (
            (1 + 1 / (12 * x[1]))
            * x[2]
            * exp(x[1] * log(b))
            * sqrt(x[1] / 6.2832)
            * exp((x[1] - 1) * math.log(c / 7.685))
            * exp(x[1] - b * c * x[1] / 7.658)
        )
        u = (
            (1 + 1 / (12 * x[0]))
            * (1 - x[2])
            * exp(x[0] * log(b / x[3]))
            * sqrt(x[0] / 6.2832)
            * exp((x[0] - 1) * math.log(c / 7.658))
            * exp(x[0] - b * c * x[0] / (7.658 * x[3]))
        )
        s = s + (t + u - y) ** 2
    return s


add(
    "HS70",
    [2.0, 4.0, 0.04, 2.0],
    0.007498464,
    f70,
    lambda x: [x[2] + (1 - x[2]) * x[3]],
    None,
    [(1e-5, 100), (1e-5, 100), (1e-5, 1), (1e-5, 100)],
    (0.0094019733,),
)


def mus():
    out = []
    for k in range(30):
        lo, hi = k * math.pi + 1e-12, k * math.pi + math.pi / 2 - 1e-13
        for _ in range(200):
            m = (lo + hi) / 2
            if m * math.tan(m) - 1 < 0:
                lo = m
            else:
                hi = m
        out.append((lo + hi) / 2)
    return out


MU = mus()
AJ = [2 * math.sin(m) / (m + math.sin(m) * math.cos(m)) for m in MU]


def g88(x):
    n = len(x) if isinstance(x, (list, tuple)) else x.shape[0]
    tail = [0] * (n + 1)
    for i in range(n - 1, -1, -1):
        tail[i] = tail[i + 1] + x[i] ** 2
    rho = []
    for m in MU:
        s = exp(-m * m * tail[0])
        sign = -1
        for i in range(1, n):
            s = s + 2 * sign * exp(-m * m * tail[i])
            sign = -sign
        s = s + sign
        rho.append(-s / (m * m))
    tot = 0
    for i in range(30):
        mi, ai = MU[i], AJ[i]
        tot = (
            tot
            + mi**4 * ai**2 * rho[i] ** 2 * (math.sin(2 * mi) / (2 * mi) + 1) / 2
            - mi * mi * ai * rho[i] * (2 * math.sin(mi) / mi**3 - 2 * math.cos(mi) / mi**2)
        )
        w = 0
        for j in range(i):
            mj, aj = MU[j], AJ[j]
            w = w + rho[j] * (mj * mj * aj * (math.sin(mi + mj) / (mi + mj) + math.sin(mi - mj) / (mi - mj)))
        tot = tot + mi * mi * ai * rho[i] * w
    return [1e-4 - tot - 2 / 15.0]


for n in (2, 3, 4, 5, 6):
    add(
        f"HS{86 + n}",
        [0.5 if i % 2 == 0 else -0.5 for i in range(n)],
        1.36265681,
        lambda x, n=n: sum(x[i] ** 2 for i in range(n)),
        g88,
        None,
        [(-10, 10)] * n if n > 2 else None,
    )


def orbit(x):
    a = [0, 50, 50, 75, 75, 75, 100, 100]
    t = [0, 25, 50, 100, 150, 200, 290, 380]
    r = q = s = 0
    for i in range(1, 8):
        d = t[i] - t[i - 1]
        sa = a[i] * sin(x[i - 1]) - 32
        q = 0.5 * d * d * sa + d * s + q
        s = d * sa + s
        r = a[i] * d * cos(x[i - 1]) + r
    return r, q, s


add(
    "HS99",
    [0.5] * 7,
    -0.831079892e9,
    lambda x: -(orbit(x)[0] ** 2),
    None,
    lambda x: [orbit(x)[1] - 1e5, orbit(x)[2] - 1e3],
    [(0, 1.58)] * 7,
)


def h107(x):
    c = 48.4 / 50.176 * math.sin(0.25)
    d = 48.4 / 50.176 * math.cos(0.25)
    y1, y2, y3, y4, y5, y6 = sin(x[7]), cos(x[7]), sin(x[8]), cos(x[8]), sin(x[7] - x[8]), cos(x[7] - x[8])
    x5, x6, x7 = x[4], x[5], x[6]
    return [
        0.4 - x[0] + 2 * c * x5**2 - x5 * x6 * (d * y1 + c * y2) - x5 * x7 * (d * y3 + c * y4),
        0.4 - x[1] + 2 * c * x6**2 + x5 * x6 * (d * y1 - c * y2) + x6 * x7 * (d * y5 - c * y6),
        0.8 + 2 * c * x7**2 + x5 * x7 * (d * y3 - c * y4) - x6 * x7 * (d * y5 + c * y6),
        0.2 - x[2] + 2 * d * x5**2 + x5 * x6 * (c * y1 - d * y2) + x5 * x7 * (c * y3 - d * y4),
        0.2 - x[3] + 2 * d * x6**2 - x5 * x6 * (c * y1 + d * y2) - x6 * x7 * (c * y5 + d * y6),
        -0.337 + 2 * d * x7**2 - x5 * x7 * (c * y3 + d * y4) + x6 * x7 * (c * y5 - d * y6),
    ]


add(
    "HS107",
    [0.8, 0.8, 0.2, 0.2, 1.0454, 1.0454, 1.0454, 0, 0],
    5055.011803,
    lambda x: 3000 * x[0] + 1000 * x[0] ** 3 + 2000 * x[1] + 666.667 * x[1] ** 3,
    None,
    h107,
    [(0, None), (0, None), (None, None), (None, None)] + [(0.90909, 1.0909)] * 3 + [(None, None)] * 2,
)


def h109(x):
    a, b, c = 50.176, math.sin(0.25), math.cos(0.25)
    x3, x4, x5, x6, x7 = x[2], x[3], x[4], x[5], x[6]
    return [
        x5 * x6 * sin(-x3 - 0.25) + x5 * x7 * sin(-x4 - 0.25) + 2 * x5**2 * b - a * x[0] + 400 * a,
        x5 * x6 * sin(x3 - 0.25) + x6 * x7 * sin(x3 - x4 - 0.25) + 2 * x6**2 * b - a * x[1] + 400 * a,
        x5 * x7 * sin(x4 - 0.25) + x6 * x7 * sin(x4 - x3 - 0.25) + 2 * x7**2 * b + 881.779 * a,
        a * x[7] + x5 * x6 * cos(-x3 - 0.25) + x5 * x7 * cos(-x4 - 0.25) - 200 * a - 2 * c * x5**2 + 0.7533e-3 * a * x5**2,
        a * x[8] + x5 * x6 * cos(x3 - 0.25) + x6 * x7 * cos(x3 - x4 - 0.25) - 2 * c * x6**2 + 0.7533e-3 * a * x6**2 - 200 * a,
        x5 * x7 * cos(x4 - 0.25) + x6 * x7 * cos(x4 - x3 - 0.25) - 2 * c * x7**2 + 22.938 * a + 0.7533e-3 * a * x7**2,
    ]


add(
    "HS109",
    [0.0] * 9,
    5362.069281,
    lambda x: 3 * x[0] + 1e-6 * x[0] ** 3 + 2 * x[1] + 0.522074e-6 * x[1] ** 3,
    lambda x: [x[3] - x[2] + 0.55, x[2] - x[3] + 0.55, 2250000 - x[0] ** 2 - x[7] ** 2, 2250000 - x[1] ** 2 - x[8] ** 2],
    h109,
    [(0, None), (0, None), (-0.55, 0.55), (-0.55, 0.55), (196, 252), (196, 252), (196, 252), (-400, 800), (-400, 800)],
    (5326.851,),
)


def g116(x):
    x1, x2, x3, x4, x5, x6, x7, x8, x9, x10, x11, x12, x13 = [x[i] for i in range(13)]
    f = x11 + x12 + x13
    return [
        x3 - x2,
        x2 - x1,
        1 - 0.002 * x7 + 0.002 * x8,
        f - 50,
        250 - f,
        x13 - 1.262626 * x10 + 1.231059 * x3 * x10,
        x5 - 0.03475 * x2 - 0.975 * x2 * x5 + 0.00975 * x2**2,
        x6 - 0.03475 * x3 - 0.975 * x3 * x6 + 0.00975 * x3**2,
        x5 * x7 - x1 * x8 - x4 * x7 + x4 * x8,
        1 - 0.002 * (x2 * x9 + x5 * x8 - x1 * x8 - x6 * x9) - x5 - x6,
        x2 * x9 - x3 * x10 - x6 * x9 - 500 * x2 + 500 * x6 + x2 * x10,
        x2 - 0.9 - 0.002 * (x2 * x10 - x3 * x10),
        x4 - 0.03475 * x1 - 0.975 * x1 * x4 + 0.00975 * x1**2,
        x11 - 1.262626 * x8 + 1.231059 * x1 * x8,
        x12 - 1.262626 * x9 + 1.231059 * x2 * x9,
    ]


add(
    "HS116",
    [0.5, 0.8, 0.9, 0.1, 0.14, 0.5, 489, 80, 650, 450, 150, 150, 150],
    97.588409,
    lambda x: x[10] + x[11] + x[12],
    g116,
    None,
    [(0.1, 1)] * 3
    + [(1e-4, 0.1), (0.1, 0.9), (0.1, 0.9), (0.1, 1000), (0.1, 1000), (500, 1000), (0.1, 500), (1, 150), (1e-4, 150), (1e-4, 150)],
)
# fmt: off
A119 = [
    (1, 1), (1, 4), (1, 7), (1, 8), (1, 16), (2, 2), (2, 3), (2, 7), (2, 10), (3, 3), (3, 7), (3, 9), (3, 10), (3, 14), (4, 4), (4, 7),
    (4, 11), (4, 15), (5, 5), (5, 6), (5, 10), (5, 12), (5, 16), (6, 6), (6, 8), (6, 15), (7, 7), (7, 11), (7, 13), (8, 8), (8, 10),
    (8, 15), (9, 9), (9, 12), (9, 16), (10, 10), (10, 14), (11, 11), (11, 13), (12, 12), (12, 14), (13, 13), (13, 14), (14, 14),
    (15, 15), (16, 16),
]
# fmt: on
B119 = [
    [0.22, 0.20, 0.19, 0.25, 0.15, 0.11, 0.12, 0.13],
    [-1.46, 0, -1.30, 1.82, -1.15, 0, 0.80, 0],
    [1.29, -0.89, 0, 0, -1.16, -0.96, 0, -0.49],
    [-1.10, -1.06, 0.95, -0.54, 0, -1.78, -0.41, 0],
    [0, 0, 0, -1.43, 1.51, 0.59, -0.33, -0.43],
    [0, -1.72, -0.33, 0, 1.62, 1.24, 0.21, -0.26],
    [1.12, 0, 0, 0.31, 0, 0, 1.12, 0],
    [0, 0.45, 0.26, -1.10, 0.58, 0, -1.03, 0.10],
]
C119 = [2.5, 1.1, -3.1, -3.5, 1.3, 2.1, 2.3, -1.5]


def h119(x):
    out = []
    for k in range(8):
        out.append(sum(B119[k][j] * x[j] for j in range(8) if B119[k][j]) + x[8 + k] - (0.36 * x[8] if k == 6 else 0) - C119[k])
    return out


add(
    "HS119",
    [10.0] * 16,
    244.899698,
    lambda x: sum((x[i - 1] ** 2 + x[i - 1] + 1) * (x[j - 1] ** 2 + x[j - 1] + 1) for i, j in A119),
    None,
    h119,
    [(0, 5)] * 16,
)
# ---- Schittkowski 201-395
add("S215", [1.0, 1], 0, lambda x: x[1], lambda x: [x[1] - x[0] ** 2], None, [(0, None), (None, None)])
add(
    "S216",
    [-1.2, 1],
    0.99937529,
    lambda x: 100 * (x[0] ** 2 - x[1]) ** 2 + (x[0] - 1) ** 2,
    None,
    lambda x: [x[0] * (x[0] - 4) - 2 * x[1] + 12],
)
add("S219", [10.0] * 4, -1, lambda x: -x[0], None, lambda x: [x[1] - x[0] ** 3 - x[2] ** 2, x[0] ** 2 - x[1] - x[3] ** 2])
add("S220", [25000.0, 25000], 1, lambda x: x[0], None, lambda x: [(x[0] - 1) ** 3 - x[1]], [(1, None), (0, None)])
add("S221", [0.25, 0.25], -1, lambda x: -x[0], lambda x: [-((x[0] - 1) ** 3) - x[1]], None, [(0, 1), (0, 1)])
add("S222", [1.3, 0.2], -1.5, lambda x: -x[0], lambda x: [0.125 - (x[0] - 1) ** 3 - x[1]], None, [(0, None), (0, None)])
add("S223", [0.1, 3.3], -0.834032, lambda x: -x[0], lambda x: [exp(exp(x[0])), x[1] - exp(exp(x[0]))], None, [(0, 10), (0, 10)])
add("S235", [-2.0, 3, 1], 0.04, lambda x: 0.01 * (x[0] - 1) ** 2 + (x[1] - x[0] ** 2) ** 2, None, lambda x: [x[0] + x[2] ** 2 + 1])
add(
    "S254",
    [1.0, 1, 1],
    -math.sqrt(3),
    lambda x: log(x[2]) - x[1],
    None,
    lambda x: [x[1] ** 2 + x[2] ** 2 - 4, x[2] - 1 - x[0] ** 2],
    [(None, None), (None, None), (1, None)],
)
add(
    "S262",
    [1.0] * 4,
    -10,
    lambda x: -0.5 * x[0] - x[1] - 0.5 * x[2] - x[3],
    lambda x: [
        10 - x[0] - x[1] - x[2] - x[3],
        10 - 0.2 * x[0] - 0.5 * x[1] - x[2] - 2 * x[3],
        10 - 2 * x[0] - x[1] - 0.5 * x[2] - 0.2 * x[3],
    ],
    lambda x: [x[0] + x[1] + x[2] - 2 * x[3] - 6],
    [(0, None)] * 4,
)
add(
    "S263",
    [10.0] * 4,
    -1,
    lambda x: -x[0],
    lambda x: [x[1] - x[0] ** 3, x[0] ** 2 - x[1]],
    lambda x: [x[1] - x[0] ** 3 - x[2] ** 2, x[0] ** 2 - x[1] - x[3] ** 2],
)
add(
    "S264",
    [0.0] * 4,
    -44,
    lambda x: x[0] ** 2 + x[1] ** 2 + 2 * x[2] ** 2 + x[3] ** 2 - 5 * x[0] - 5 * x[1] - 21 * x[2] + 7 * x[3],
    lambda x: [
        8 - x[0] ** 2 - x[1] ** 2 - x[2] ** 2 - x[3] ** 2 - x[0] + x[1] - x[2] + x[3],
        10 - x[0] ** 2 - 2 * x[1] ** 2 - x[2] ** 2 - 2 * x[3] ** 2 + x[0] + x[3],
        5 - 2 * x[0] ** 2 - x[1] ** 2 - x[2] ** 2 - 2 * x[0] + x[1] + x[3],
    ],
)
for k, n in enumerate((4, 6, 8, 10)):
    c = [sum(1 / (i + j + 1) for j in range(n)) for i in range(n)]
    add(
        f"S{277 + k}",
        [0.0] * n,
        sum(c),
        lambda x, c=c: sum(ci * x[i] for i, ci in enumerate(c)),
        lambda x, n=n, c=c: [sum(x[j] / (i + j + 1) for j in range(n)) - c[i] for i in range(n)],
        None,
        [(0, None)] * n,
    )
for k, c in enumerate(
    (
        (1, 1, 1 / 100, 1 / 100),
        (1, 1, 1 / 100, 1 / 64),
        (1, 1, 1 / 100, 1 / 36),
        (1, 1, 1 / 100, 1 / 16),
        (1, 1, 1 / 100, 1 / 4),
        (1, 1, 1 / 100, 1.0),
        (1, 1, 1 / 100, 100.0),
    )
):
    add(
        f"S{316 + k}",
        [0.0, 0],
        (334.31458, 372.46661, 412.75005, 452.40440, 485.53146, 496.11237, 499.96001)[k],
        lambda x: (x[0] - 20) ** 2 + (x[1] + 20) ** 2,
        None,
        lambda x, c=c: [c[2] * x[0] ** 2 + c[3] * x[1] ** 2 - 1],
    )
add(
    "S335",
    [1.0, 1, 1],
    -0.004472,
    lambda x: -(0.001 * x[0] + x[1]),
    None,
    lambda x: [1000 * x[0] ** 2 + 100 * x[1] ** 2 - x[2], 100 * x[0] ** 2 + 400 * x[1] ** 2 + x[2] - 0.01],
)
add(
    "S337",
    [1.0, 1, 1],
    6,
    lambda x: 9 * x[0] ** 2 + x[1] ** 2 + 9 * x[2] ** 2,
    lambda x: [x[0] * x[1] - 1],
    None,
    [(None, None), (1, None), (None, 1)],
)
add(
    "S344",
    [2.0] * 3,
    0.032568,
    lambda x: (x[0] - 1) ** 2 + (x[0] - x[1]) ** 2 + (x[1] - x[2]) ** 4,
    None,
    lambda x: [x[0] * (1 + x[1] ** 2) + x[2] ** 4 - 4 - 3 * math.sqrt(2)],
)
add(
    "S372",
    [300.0, -100, -0.1997, -127, -151, 379, 421, 460, 426],
    13390.093,
    lambda x: x[3] ** 2 + x[4] ** 2 + x[5] ** 2 + x[6] ** 2 + x[7] ** 2 + x[8] ** 2,
    lambda x: (
        [
            x[0] + x[1] * exp(c * x[2]) + x[3 + k] - t
            for k, (c, t) in enumerate(((-5, 127), (-3, 151), (-1, 379), (1, 421), (3, 460), (5, 426)))
        ]
        + [
            -x[0] - x[1] * exp(c * x[2]) + x[3 + k] + t
            for k, (c, t) in enumerate(((-5, 127), (-3, 151), (-1, 379), (1, 421), (3, 460), (5, 426)))
        ]
    ),
    None,
    [(None, None), (None, None), (None, 0)] + [(0, None)] * 6,
)
add(
    "S394",
    [2.0] * 20,
    1.9166667,
    lambda x: sum((i + 1) * (x[i] ** 2 + x[i] ** 4) for i in range(20)),
    None,
    lambda x: [sum(x[i] ** 2 for i in range(20)) - 1],
)

# Valleys so narrow that along each axis it goes up steeply: from far, where the objective is 1e14.
for k, start in enumerate(([100.0, -100.0], [30.0, -30.0], [7.0, -3000.0])):
    add(f"valley{k}", start, 0, lambda x: 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2)
