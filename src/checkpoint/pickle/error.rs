//! What can be wrong with a `.bin` file.

use super::PickledValue;
use crate::{
    error::{Hint, listed},
    numeric::Dtype,
    units,
};

/// Why the weights of a `torch.save` file are not read; the path stands in the error around it.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "every message says what its fields are")]
pub enum PickleError {
    #[error("the file was saved by PyTorch before 1.6, in the format without a zip archive")]
    Legacy,
    #[error("the file is no PyTorch archive: {problem}")]
    NotAnArchive { problem: String },
    #[error("the file is a TorchScript archive: a program with its weights, not a state dict")]
    TorchScript,
    #[error("the archive has no data.pkl, which would name its tensors")]
    NoPickle,
    #[error("the archive holds {entry} twice")]
    DuplicateEntry { entry: String },
    #[error("the archive has no {entry}, which holds {tensor}")]
    NoStorage { entry: String, tensor: String },
    #[error("{entry} is compressed or encrypted inside the archive")]
    Packed { entry: String },
    #[error("{entry} ({}) lies beyond the end of the file", units::bytes(*byte_count))]
    OutsideFile { entry: String, byte_count: u64 },
    #[error("the tensors are stored in {order} byte order")]
    ByteOrder { order: String },
    #[error("data.pkl has {}, more than any state dict needs", units::bytes(*byte_count))]
    PickleTooLong { byte_count: u64 },
    #[error("data.pkl ends in the middle of an instruction (byte {at})")]
    EndsEarly { at: usize },
    #[error("data.pkl is damaged at byte {at}: {problem}")]
    Damaged { at: usize, problem: &'static str },
    #[error("data.pkl holds the instruction 0x{opcode:02x} at byte {at}, which no state dict needs")]
    UnknownOpcode { opcode: u8, at: usize },
    #[error("the file holds {found}, not a state dict (a dictionary of tensors)")]
    NotAStateDict { found: PickledValue },
    #[error("the weights are nested under `{key}`, beside {}", listed(beside, 4))]
    Nested { key: String, beside: Vec<String> },
    #[error("the entry `{entry}` is {found}, not a tensor")]
    NotATensor { entry: String, found: PickledValue },
    #[error("one entry is named by {found}, not by text")]
    BadKey { found: PickledValue },
    #[error("two entries are named `{entry}`")]
    DuplicateTensor { entry: String },
    #[error("the tensor `{entry}` does not fit its storage: {problem}")]
    BadTensor { entry: String, problem: String },
    #[error("the tensor `{entry}` is a view that is not contiguous, of {dtype}, which is not read as numbers")]
    StridedIntegers { entry: String, dtype: Dtype },
}

const SAVE_AGAIN: &str = "load it in PyTorch 1.6 or newer and `torch.save` its state dict again, or write safetensors with `save_pretrained`";

impl Hint for PickleError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Legacy | Self::ByteOrder { .. } | Self::StridedIntegers { .. } => SAVE_AGAIN,
            Self::TorchScript | Self::NotAStateDict { .. } => {
                "load it where it was made and save `model.state_dict()`, best with `save_pretrained`"
            }
            Self::Packed { .. } => "archives by `torch.save` are not compressed; save the state dict again with it",
            Self::Nested { .. } | Self::NotATensor { .. } | Self::BadKey { .. } => {
                "save the dictionary of weights alone, or write safetensors with `save_pretrained`"
            }
            Self::NotAnArchive { .. }
            | Self::NoPickle
            | Self::DuplicateEntry { .. }
            | Self::NoStorage { .. }
            | Self::OutsideFile { .. }
            | Self::PickleTooLong { .. }
            | Self::EndsEarly { .. }
            | Self::Damaged { .. }
            | Self::UnknownOpcode { .. }
            | Self::DuplicateTensor { .. }
            | Self::BadTensor { .. } => {
                "the download or copy was damaged, or the file is not what it claims; fetch it again"
            }
        };
        Some(hint.to_owned())
    }
}
