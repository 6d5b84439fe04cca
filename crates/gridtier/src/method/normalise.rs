//! How the value of an indicator becomes 0 to 100 points.

crate::words! {
    /// What happens to a value before its position between two marks is taken.
    Transform "transform" {
        /// Nothing.
        None "none" "none" "无",
        /// ln(1 + max(x, 0)).
        Log1p "log1p" "ln(1 + x)" "ln(1 + x)",
    }
}

crate::words! {
    /// The kinds of normalisation: see [`Normalise`].
    NormaliseKind "kind of normalisation" {
        /// Linear between two marks.
        MinMax "min_max" "between two marks" "极差标准化",
        /// The share of the ranked customers with a worse value.
        Percentile "percentile" "percentile" "百分位",
        /// Piecewise linear through knots.
        Points "points" "by knots" "分段计分",
        /// By the distance of the value from a target.
        Target "target" "distance from a target" "目标值偏差",
    }
}

/// Where the two marks of `min_max` come from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scale {
    /// Two quantiles of the transformed values of the ranked customers.
    Quantiles(f64, f64),
    /// Two fixed values, in the indicator's unit.
    Goalposts(f64, f64),
}

/// How a value becomes 0 to 100.
#[derive(Clone, Debug, PartialEq)]
pub enum Normalise {
    /// 100 × clamp((x' − lo)/(hi − lo), 0, 1).
    MinMax(Transform, Scale),
    /// 100 × (count below + ½ count equal)/n.
    Percentile,
    /// Piecewise linear through (x, z), constant outside the knots.
    Points(Vec<(f64, f64)>),
    /// 100 × max(0, 1 − |x − target|/tolerance).
    Target {
        /// The value that gets 100 points.
        target: f64,
        /// The distance from the target at which no points are left.
        tolerance: f64,
    },
}

impl Normalise {
    /// Whether the parameters of this normalisation follow from the values of ranked customers.
    #[must_use]
    pub fn is_fitted(&self) -> bool {
        matches!(self, Self::MinMax(_, Scale::Quantiles(..)) | Self::Percentile)
    }
}
