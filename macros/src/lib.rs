//! The attribute macro of squall.

use proc_macro::TokenStream;
use quote::quote;
use syn::meta::ParseNestedMeta;
use syn::{ItemFn, LitBool, LitInt, parse_macro_input};

#[derive(Default)]
struct Options {
    seeds: Option<LitInt>,
    version: Option<LitInt>,
    guard: Option<LitBool>,
}

impl Options {
    fn parse(&mut self, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
        if meta.path.is_ident("seeds") {
            let seeds: LitInt = meta.value()?.parse()?;
            if seeds.base10_parse::<u64>()? == 0 {
                return Err(syn::Error::new(seeds.span(), "a test runs at least one seed"));
            }
            self.seeds = Some(seeds);
        } else if meta.path.is_ident("version") {
            let version: LitInt = meta.value()?.parse()?;
            version.base10_parse::<u32>()?;
            self.version = Some(version);
        } else if meta.path.is_ident("guard") {
            self.guard = Some(meta.value()?.parse()?);
        } else {
            return Err(meta.error(
                "unknown option: there are `seeds = N`, `version = N` and `guard = false`",
            ));
        }
        Ok(())
    }
}

/// Makes an async function a test that runs under many seeds.
///
/// The function takes the simulation, or nothing, and returns nothing or a result:
///
/// ```ignore
/// #[squall::test(seeds = 500)]
/// async fn the_register_is_linearizable(sim: Sim) -> squall::Result { .. }
/// ```
///
/// - `seeds = N`: how many seeds; 100 unless said otherwise. The variable `SQUALL_SEEDS` overrides it.
/// - `version = N`: raise it when saved cases of the test mean something else; 1 unless said otherwise.
/// - `guard = false`: without the leak guard.
#[proc_macro_attribute]
pub fn test(args: TokenStream, item: TokenStream) -> TokenStream {
    let mut options = Options::default();
    let parser = syn::meta::parser(|meta| options.parse(&meta));
    parse_macro_input!(args with parser);
    let function = parse_macro_input!(item as ItemFn);
    expand(&options, &function).unwrap_or_else(|error| error.to_compile_error()).into()
}

fn expand(options: &Options, function: &ItemFn) -> syn::Result<proc_macro2::TokenStream> {
    let signature = &function.sig;
    if signature.asyncness.is_none() {
        return Err(syn::Error::new_spanned(
            signature.fn_token,
            "a simulation test is an `async fn`",
        ));
    }
    let name = &signature.ident;
    let call = match signature.inputs.len() {
        0 => quote!({ let _ = sim; #name() }),
        1 => quote!(#name(sim)),
        _ => {
            return Err(syn::Error::new_spanned(
                &signature.inputs,
                "a simulation test takes one argument, the simulation: `sim: Sim`",
            ));
        }
    };
    let seeds = match &options.seeds {
        Some(seeds) => quote!(#seeds),
        None => quote!(100),
    };
    let version = match &options.version {
        Some(version) => quote!(#version),
        None => quote!(1),
    };
    let guard = options.guard.as_ref().is_none_or(LitBool::value);
    let attributes = &function.attrs;
    let (visibility, text) = (&function.vis, name.to_string());
    let mut inner = function.clone();
    inner.attrs.clear();
    inner.vis = syn::Visibility::Inherited;
    Ok(quote! {
        #(#attributes)*
        #[::core::prelude::v1::test]
        #visibility fn #name() {
            #inner
            ::squall::__private::run_test(
                ::squall::__private::Test {
                    path: concat!(module_path!(), "::", #text),
                    package: env!("CARGO_PKG_NAME"),
                    folder: env!("CARGO_MANIFEST_DIR"),
                    seeds: #seeds,
                    version: #version,
                    guard: #guard,
                },
                |sim| async move { ::squall::__private::IntoResult::into_result(#call.await) },
            );
        }
    })
}
