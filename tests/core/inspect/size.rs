//! The three sizes that puzzle people, 31 GB → 16 GB → 8 GB, to the byte: files with headers and holes, which cost
//! nothing.

use lorafuse::{
    numeric::FloatDtype,
    size::{self, Component, FolderExtras, SizeBreakdown, SizeFact},
};

use crate::support::{
    put,
    sparse_llama::{VOCAB, plain, quantised},
};

#[test]
fn thirty_one_sixteen_and_eight_gigabytes_are_explained() {
    let root = tempfile::tempdir().unwrap();
    let wide = plain(&root.path().join("f32"), VOCAB, "F32");
    let narrow = plain(&root.path().join("bf16"), VOCAB, "BF16");
    let packed = quantised(&root.path().join("nf4"), VOCAB, "F32");
    let sizes = [&wide, &narrow, &packed].map(SizeBreakdown::stored);
    assert_eq!(sizes.clone().map(|size| size.total()), [32_672_595_968, 16_336_297_984, 8_356_007_552]);
    assert_eq!(sizes.clone().map(|size| size.weight_count()), [8_168_148_992; 3], "the same weights each time");
    assert_eq!(SizeBreakdown::cast(&wide, FloatDtype::BF16).total(), 16_336_297_984);
    assert_eq!(sizes[0].bytes_of(Component::Embedding), 4 * 594_280_448);

    let said = |facts: &[SizeFact]| facts.iter().map(ToString::to_string).collect::<Vec<_>>();
    let of_wide = said(&size::of_model(&wide).unwrap());
    assert_eq!(of_wide, ["8,168,148,992 weights of 32 bits each are 32.7 GB (`du -h` says 31G)"]);
    assert_eq!(
        said(&size::between(&wide, &narrow)),
        [
            "the same 8,168,148,992 weights, 16 bits each in place of 32: half the file (32.7 GB → 16.3 GB); nothing was \
          pruned, and merging added 0 bytes"
        ]
    );
    let of_packed = said(&size::of_model(&packed).unwrap());
    assert_eq!(
        of_packed[1],
        "6,979,321,856 weights are packed in 4.127 bits each (3.60 GB); quantisation left embed_tokens and lm_head and \
         norms, other alone: 1,188,827,136 weights in float32, 4.76 GB, which are 56.9 % of the file; with that in \
         bfloat16 it would shrink from 8.36 GB to 5.98 GB"
    );
    let between = size::between(&narrow, &packed);
    assert!(matches!(between[0], SizeFact::SameWeights { weight_count: 8_168_148_992, .. }), "{between:?}");
    let bf16_rest = quantised(&root.path().join("nf4-bf16"), VOCAB, "BF16");
    assert_eq!(SizeBreakdown::stored(&bf16_rest).total(), 5_978_353_280);
    assert_eq!(SizeBreakdown::cast(&packed, FloatDtype::BF16).total(), 5_978_353_280);
}

#[test]
fn a_larger_vocabulary_explains_its_own_bytes() {
    let root = tempfile::tempdir().unwrap();
    let stock = plain(&root.path().join("stock"), 128_256, "BF16");
    let korean = plain(&root.path().join("korean"), VOCAB, "BF16");
    let facts = size::between(&stock, &korean);
    let expected = SizeFact::Vocabulary {
        from_rows: 128_256,
        to_rows: 145_088,
        weight_count: 137_887_744,
        byte_count: 275_775_488,
    };
    assert_eq!(facts[1], expected);
    assert!(expected.to_string().contains("145,088 rows in place of 128,256: 137,887,744 weights more, 276 MB"));
}

#[test]
fn copies_and_a_trainers_files_are_counted_apart() {
    let root = tempfile::tempdir().unwrap();
    let model = plain(root.path(), 512, "BF16");
    for (name, byte_count) in [
        ("pytorch_model.bin", 1_000),
        ("original/consolidated.00.pth", 2_000),
        ("optimizer.pt", 4_000),
        ("checkpoint-500/model.safetensors", 8_000),
        ("tokenizer.json", 16_000),
    ] {
        put(&root.path().join(name), vec![0; byte_count]);
    }
    let extras = FolderExtras::of(&model).unwrap();
    let names = |files: &[size::ExtraFile]| files.iter().map(|file| file.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&extras.duplicates), ["original/consolidated.00.pth", "pytorch_model.bin"]);
    assert_eq!(names(&extras.training), ["checkpoint-500/model.safetensors", "optimizer.pt"]);
    let said: Vec<String> = size::of_model(&model).unwrap().iter().map(ToString::to_string).collect();
    assert!(said[1].contains("(3.00 kB)") && said[2].contains("(12.0 kB)"), "{said:?}");
}
