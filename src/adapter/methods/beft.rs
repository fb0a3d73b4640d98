//! BEFT: a trained vector that is added to the bias of a layer (spec section 8).

use std::{path::Path, sync::Arc};

use super::{
    factors::{misshapen, required},
    vector::VectorDelta,
};
use crate::adapter::{AdapterError, Method, MethodSpec, Part, Parts, Target};

/// `beft_bias`, `(1, out)`.
const BIAS: Part = Part::parameter("beft_bias");

/// BEFT's names.
pub(super) const SPEC: MethodSpec = MethodSpec {
    peft_type: "BEFT",
    key_prefix: Some("beft_"),
    factors: &[BIAS],
    shared_factors: &[],
    config_keys: &[],
    build: |_, _| Ok(Box::new(Beft)),
};

/// BEFT.
#[derive(Debug)]
struct Beft;

impl Method for Beft {
    fn spec(&self) -> &'static MethodSpec {
        &SPEC
    }

    fn name(&self) -> &'static str {
        "BEFT"
    }

    fn targets(&self, module: &str, mut parts: Parts, path: &Path) -> Result<Vec<Target>, AdapterError> {
        let bias = required(&mut parts, BIAS, module, path)?;
        if !matches!(bias.shape(), [_] | [1, _]) {
            return Err(misshapen(module, &[&bias], path));
        }
        Ok(vec![Target::parameter(module, "bias", Arc::new(VectorDelta::new(bias, None)?))])
    }
}
