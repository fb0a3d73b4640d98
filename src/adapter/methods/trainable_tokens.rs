//! Trainable tokens: whole new rows of an embedding, by token id (spec section 2.10). Their key says `delta`, but PEFT
//! stores what the rows become.

use std::{ops::Range, path::Path, sync::Arc};

use serde_json::Value;

use super::factors::{misshapen, required};
use crate::{
    adapter::{
        AdapterError, Content, Contradiction, ExpectedShape, Layer, Method, MethodSpec, Orientation, Part, Parts,
        PeftConfig, Placement, Precision, RowUpdate, Target, TargetUpdate,
    },
    checkpoint::LogicalTensor,
};

/// `trainable_tokens_delta`, `(n, dim)`: whole new rows, despite its name.
pub(in crate::adapter) const TRAINABLE_TOKENS: Part = Part::parameter("trainable_tokens_delta");

/// The names of trainable tokens.
pub(super) const SPEC: MethodSpec = MethodSpec {
    peft_type: "TRAINABLE_TOKENS",
    key_prefix: None,
    factors: &[TRAINABLE_TOKENS],
    shared_factors: &[],
    config_keys: &["token_indices", "trainable_token_indices"],
    build: |config, _| Ok(Box::new(TrainableTokens::new(config))),
};

/// The tuner `TRAINABLE_TOKENS`, and the same rows beside any other method.
#[derive(Debug)]
pub struct TrainableTokens {
    config: PeftConfig,
}

impl TrainableTokens {
    /// Trainable tokens as `config` lists them.
    #[must_use]
    pub fn new(config: PeftConfig) -> Self {
        Self { config }
    }

    /// The token ids of `module`: one list for all, or one for each module's name.
    fn ids(&self, module: &str) -> Option<Vec<usize>> {
        let indices = ["token_indices", "trainable_token_indices"].iter().find_map(|key| self.config.get(key))?;
        let ids = match indices {
            Value::Object(by_module) => {
                let is_module = |name: &str| {
                    module.strip_suffix(name).is_some_and(|front| front.is_empty() || front.ends_with('.'))
                };
                let own = by_module.iter().find(|(name, _)| is_module(name));
                // What is not listed has rows because it shares the embedding that is.
                own.or_else(|| by_module.iter().next().filter(|_| by_module.len() == 1))?.1
            }
            list => list,
        };
        let id = |value: &Value| value.as_u64().and_then(|id| usize::try_from(id).ok());
        ids.as_array()?.iter().map(id).collect()
    }
}

impl Method for TrainableTokens {
    fn spec(&self) -> &'static MethodSpec {
        &SPEC
    }

    fn name(&self) -> &'static str {
        "trainable tokens"
    }

    fn targets(&self, module: &str, mut parts: Parts, path: &Path) -> Result<Vec<Target>, AdapterError> {
        let rows = required(&mut parts, TRAINABLE_TOKENS, module, path)?;
        let &[row_count, _] = rows.shape() else { return Err(misshapen(module, &[&rows], path)) };
        let ids = self.ids(module).unwrap_or_default();
        if ids.len() != row_count {
            let problem = Contradiction::TokenRows { module: module.to_owned(), id_count: ids.len(), row_count };
            return Err(AdapterError::Contradiction { problem, path: path.to_owned() });
        }
        Ok(vec![Target::weight(module, Arc::new(TokenRows { ids, tensors: [rows] }))])
    }
}

/// New rows of one embedding or output head.
#[derive(Debug)]
pub(super) struct TokenRows {
    ids: Vec<usize>,
    tensors: [LogicalTensor; 1],
}

impl TokenRows {
    fn columns(&self) -> usize {
        self.tensors[0].tile_shape().columns
    }

    fn rows<T: Precision>(&self) -> Result<Arc<dyn RowUpdate<T>>, AdapterError> {
        let (ids, columns) = (self.ids.clone(), self.columns());
        Ok(Arc::new(NewRows { ids, columns, values: T::all_of(self.tensors[0].read_all()?) }))
    }
}

impl TargetUpdate for TokenRows {
    fn layer(&self) -> Layer {
        Layer::Fixed
    }

    fn fits(&self, shape: &[usize], orientation: Orientation) -> bool {
        let &[rows, columns] = shape else { return false };
        orientation == Orientation::OutIn && columns == self.columns() && self.ids.iter().all(|id| *id < rows)
    }

    fn expected_shape(&self) -> ExpectedShape {
        let last = self.ids.iter().copied().max().unwrap_or(0);
        ExpectedShape::RowsFrom { rows: last + 1, columns: self.columns() }
    }

    fn tensors(&self) -> &[LogicalTensor] {
        &self.tensors
    }

    fn is_additive(&self) -> bool {
        false
    }

    fn is_untrained(&self, _contents: &[Content]) -> bool {
        false
    }

    fn new_token_ids(&self) -> Option<&[usize]> {
        Some(&self.ids)
    }

    fn load(&self, _placement: &Placement) -> Result<Arc<dyn RowUpdate>, AdapterError> {
        self.rows()
    }

    fn load_f64(&self, _placement: &Placement) -> Result<Arc<dyn RowUpdate<f64>>, AdapterError> {
        self.rows()
    }
}

struct NewRows<T> {
    ids: Vec<usize>,
    columns: usize,
    values: Vec<T>,
}

impl<T: Precision> RowUpdate<T> for NewRows<T> {
    fn apply_rows(&self, rows: Range<usize>, tile: &mut [T]) {
        for (id, values) in self.ids.iter().zip(self.values.chunks(self.columns.max(1))) {
            if rows.contains(id) {
                let at = (id - rows.start) * self.columns;
                tile[at..at + self.columns].copy_from_slice(values);
            }
        }
    }
}
