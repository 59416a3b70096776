//! Matrices and boxes of a page.

/// A transformation: `x' = a·x + c·y + e`, `y' = b·x + d·y + f` (ISO 32000-1, 8.3.3).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Matrix(pub(super) [f64; 6]);

impl Matrix {
    /// Leaves everything where it is.
    pub(super) const IDENTITY: Matrix = Matrix([1.0, 0.0, 0.0, 1.0, 0.0, 0.0]);

    /// The matrix of six operands; what is missing or no number is that of the identity.
    pub(super) fn of(numbers: &[f64]) -> Matrix {
        let mut matrix = Matrix::IDENTITY;
        for (place, number) in matrix.0.iter_mut().zip(numbers) {
            if number.is_finite() {
                *place = *number;
            }
        }
        matrix
    }

    /// Moves by (x, y).
    pub(super) fn shift(x: f64, y: f64) -> Matrix {
        Matrix([1.0, 0.0, 0.0, 1.0, x, y])
    }

    /// First this one, then `next`.
    pub(super) fn then(&self, next: &Matrix) -> Matrix {
        let ([a, b, c, d, e, f], [na, nb, nc, nd, ne, nf]) = (self.0, next.0);
        Matrix([
            a * na + b * nc,
            a * nb + b * nd,
            c * na + d * nc,
            c * nb + d * nd,
            e * na + f * nc + ne,
            e * nb + f * nd + nf,
        ])
    }

    /// Where a point goes.
    pub(super) fn point(&self, (x, y): Point) -> Point {
        let [a, b, c, d, e, f] = self.0;
        (a * x + c * y + e, b * x + d * y + f)
    }

    /// Where a direction goes.
    pub(super) fn vector(&self, (x, y): Point) -> Point {
        let [a, b, c, d, ..] = self.0;
        (a * x + c * y, b * x + d * y)
    }

    /// The way back, unless the matrix flattens everything onto a line.
    pub(super) fn inverse(&self) -> Option<Matrix> {
        let [a, b, c, d, e, f] = self.0;
        let det = a * d - b * c;
        if !det.is_normal() {
            return None;
        }
        Some(Matrix([d / det, -b / det, -c / det, a / det, (c * f - d * e) / det, (b * e - a * f) / det]))
    }
}

/// A point or a direction.
pub(super) type Point = (f64, f64);

/// Length of a direction.
pub(super) fn length((x, y): Point) -> f64 {
    x.hypot(y)
}

/// How far `a` reaches along the unit vector `b`.
pub(super) fn dot(a: Point, b: Point) -> f64 {
    a.0 * b.0 + a.1 * b.1
}

/// Four corners, in order.
pub(super) type Quad = [Point; 4];

/// An upright box.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rect {
    pub(super) left: f64,
    pub(super) bottom: f64,
    pub(super) right: f64,
    pub(super) top: f64,
}

impl Rect {
    /// The smallest upright box around the points.
    pub(super) fn around(points: &[Point]) -> Rect {
        let mut rect = Rect { left: f64::MAX, bottom: f64::MAX, right: f64::MIN, top: f64::MIN };
        for (x, y) in points {
            rect.left = rect.left.min(*x);
            rect.right = rect.right.max(*x);
            rect.bottom = rect.bottom.min(*y);
            rect.top = rect.top.max(*y);
        }
        rect
    }

    /// The part that both cover.
    pub(super) fn meet(&self, other: &Rect) -> Option<Rect> {
        let rect = Rect {
            left: self.left.max(other.left),
            right: self.right.min(other.right),
            bottom: self.bottom.max(other.bottom),
            top: self.top.min(other.top),
        };
        (rect.left < rect.right && rect.bottom < rect.top).then_some(rect)
    }

    /// Its area.
    pub(super) fn area(&self) -> f64 {
        (self.right - self.left) * (self.top - self.bottom)
    }
}
