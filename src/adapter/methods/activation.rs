//! The nonlinear functions of small networks inside adapters, by the names that transformers gives them.

use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI};

use statrs::function::erf::erf;

/// A function applied to each value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Activation {
    Identity,
    Relu,
    Gelu,
    /// GELU by a hyperbolic tangent.
    TanhGelu,
    Silu,
    Tanh,
    Sigmoid,
}

impl Activation {
    /// The function that transformers calls `name`; `None` where it is another one.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "linear" => Self::Identity,
            "relu" => Self::Relu,
            "gelu" | "gelu_python" => Self::Gelu,
            "gelu_new" | "gelu_pytorch_tanh" | "gelu_fast" => Self::TanhGelu,
            "silu" | "swish" => Self::Silu,
            "tanh" => Self::Tanh,
            "sigmoid" => Self::Sigmoid,
            _ => return None,
        })
    }

    /// Applies it to `values` in place.
    pub fn apply(self, values: &mut [f64]) {
        for value in values.iter_mut() {
            *value = self.of(*value);
        }
    }

    fn of(self, x: f64) -> f64 {
        let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
        match self {
            Self::Identity => x,
            Self::Relu => x.max(0.0),
            Self::Gelu => 0.5 * x * (1.0 + erf(x * FRAC_1_SQRT_2)),
            Self::TanhGelu => {
                let inner = FRAC_2_SQRT_PI * FRAC_1_SQRT_2 * (x + 0.044_715 * x.powi(3));
                0.5 * x * (1.0 + inner.tanh())
            }
            Self::Silu => x * sigmoid(x),
            Self::Tanh => x.tanh(),
            Self::Sigmoid => sigmoid(x),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `ACT2FN` of transformers 5.24 at 0.7 in float64.
    #[test]
    fn functions_are_those_of_transformers() {
        let cases = [
            ("linear", 0.7),
            ("relu", 0.7),
            ("gelu", 0.530_625_443_444),
            ("gelu_new", 0.530_570_134_705),
            ("gelu_pytorch_tanh", 0.530_570_134_705),
            ("silu", 0.467_731_440_518),
            ("tanh", 0.604_367_777_117),
            ("sigmoid", 0.668_187_772_168),
        ];
        for (name, expected) in cases {
            let found = Activation::named(name).unwrap().of(0.7);
            assert!((found - expected).abs() < 1e-9, "{name}: {found}");
        }
        assert_eq!(Activation::named("relu").unwrap().of(-0.7), 0.0);
        assert_eq!(Activation::named("snake"), None);
    }
}
