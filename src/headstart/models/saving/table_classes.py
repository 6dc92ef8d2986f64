"""What a saved model of a table may be made of: exactly these classes, each with exactly these attributes."""

from __future__ import annotations

import importlib
import inspect
from dataclasses import dataclass
from functools import cache
from typing import Any

_LEARNED = "n_features_in_ feature_names_in_"
_BORROWED = f"{_LEARNED} classes_ preprocess_ source_preprocess_"
_DELEGATED = f"{_BORROWED} estimator_"
_UNLABELLED = f"{_DELEGATED} class_shares_ notes_"
_MAPPED = f"{_BORROWED} _n_features_out identity_"
_PROJECTED = f"{_MAPPED} n_components_ projection_"
_BOOSTED = f"{_BORROWED} errors_ estimator_weights_ estimators_ fitted_with_source_ weights_"
_WEIGHED = "classes_ effective_sample_size_ n_features_in_ target_share_ weights_"
_RATIO = f"{_WEIGHED} gap_ log_ratio_ objective_ penalty_ scores_ width_"
_FOREST = "feature_ threshold_ children_left_ children_right_ values_ roots_"
_LINEAR = f"{_LEARNED} classes_ coef_ intercept_ n_iter_ solver_"
_TREE = f"{_LEARNED} class_weight classes_ max_features_ n_classes_ n_outputs_ tree_"
_TREES = f"{_TREE} _n_samples _n_samples_bootstrap estimator estimator_ estimator_params estimators_ oob_score_"
_FUSED = f"{_LEARNED} classes_ encoder_ fused_ fusion_ losses_ ready_ temperature_"
_HISTOGRAMS = (
    f"{_LEARNED} _baseline_prediction _bin_mapper _fitted_with_sw _in_fit _is_categorical_remapped _label_encoder "
    "_n_features _predictors _preprocessor _random_seed _use_validation_data classes_ do_early_stopping_ "
    "is_categorical_ n_trees_per_iteration_ train_score_ validation_score_"
)
_ONE_HOT = "_drop_idx_after_grouping _infrequent_enabled _n_features_outs categories_ drop_idx_"

#: Module, its classes, and what they hold once they are fitted, beside their parameters. Nothing callable is among it.
_TABLE: tuple[tuple[str, str, str], ...] = (
    ("headstart.features.adapted.adapted", "AdaptedClassifier", f"{_DELEGATED} coef_ intercept_"),
    ("headstart.features.adapted.linear_answers", "LinearAnswers", ""),
    ("headstart.features.aligned", "AlignedClassifier AlignedRegressor", f"{_DELEGATED} dense_ mapping_"),
    ("headstart.features.easy_transfer", "EasyTransfer", f"{_DELEGATED} centres_ labels_ prices_"),
    ("headstart.features.feature_augmentation", "FeatureAugmentation", f"{_MAPPED} n_domains_"),
    (
        "headstart.features.feature_augmentation",
        "FeatureAugmentationClassifier FeatureAugmentationRegressor",
        f"{_DELEGATED} n_domains_",
    ),
    ("headstart.features.gradual", "GradualSelfTrainingClassifier", f"{_DELEGATED} history_ pseudo_labels_"),
    (
        "headstart.features.joint_transport",
        "JointDistributionOptimalTransportClassifier JointDistributionOptimalTransportRegressor",
        f"{_DELEGATED} n_iter_ objectives_ transported_",
    ),
    (
        "headstart.features.mappings.bda",
        "BalancedDistributionAdaptation",
        f"{_PROJECTED} balance_ history_ pseudo_labels_",
    ),
    ("headstart.features.mappings.coral", "CORAL", f"{_MAPPED} map_"),
    (
        "headstart.features.mappings.geodesic",
        "GeodesicFlowKernel",
        f"{_MAPPED} n_components_ root_ source_mean_ target_mean_",
    ),
    ("headstart.features.mappings.jda", "JointDistributionAdaptation", f"{_PROJECTED} history_ pseudo_labels_"),
    ("headstart.features.mappings.linear_monge", "LinearMonge", f"{_MAPPED} map_"),
    ("headstart.features.mappings.marginalised_autoencoder", "MarginalisedAutoencoder", f"{_MAPPED} layers_"),
    (
        "headstart.features.mappings.optimal_transport",
        "OptimalTransportMapping",
        f"{_MAPPED} cost_ images_ potential_ scale_ source_rows_ target_rows_",
    ),
    (
        "headstart.features.mappings.subspace",
        "SubspaceAlignment",
        f"{_MAPPED} n_components_ source_directions_ source_mean_ target_directions_ target_mean_",
    ),
    ("headstart.features.mappings.tca", "TransferComponentAnalysis", f"{_PROJECTED} values_"),
    ("headstart.features.mappings.tjm", "TransferJointMatching", f"{_PROJECTED} n_iter_ objective_ relevance_"),
    (
        "headstart.features.meda",
        "ManifoldEmbeddedAlignment",
        f"{_DELEGATED} balance_ classifier_ history_ pseudo_labels_ root_ target_mean_",
    ),
    ("headstart.features.pred", "PREDClassifier PREDRegressor", f"{_DELEGATED} source_estimators_"),
    (
        "headstart.guard.safe_adapted",
        "SafeAdaptedClassifier",
        f"{_BORROWED} best_estimator_ chosen_ domain_auc_ evidence_ notes_ verdict_",
    ),
    (
        "headstart.guard.safe_aligned",
        "SafeAlignedClassifier SafeAlignedRegressor",
        f"{_BORROWED} best_estimator_ chosen_ evidence_ notes_",
    ),
    ("headstart.instances.boosting.multi_source", "MultiSourceTrAdaBoostClassifier", f"{_BOOSTED} chosen_"),
    ("headstart.instances.boosting.task_transfer", "TaskTrAdaBoostClassifier", f"{_BOOSTED} chosen_ turned_"),
    ("headstart.instances.boosting.tradaboost", "TrAdaBoostClassifier", _BOOSTED),
    ("headstart.instances.boosting.tradaboost_regressor", "TrAdaBoostRegressor", _BOOSTED),
    (
        "headstart.instances.boosting.two_stage",
        "TwoStageTrAdaBoostRegressor",
        f"{_BOOSTED} best_step_ step_errors_ step_shares_",
    ),
    ("headstart.instances.weighting.balanced_weighting", "BalancedWeighting", f"{_WEIGHED} weighting_"),
    ("headstart.instances.weighting.discriminator_ratio", "DiscriminatorRatio", _RATIO),
    (
        "headstart.instances.weighting.importance",
        "ImportanceWeightedClassifier ImportanceWeightedRegressor",
        f"{_DELEGATED} effective_sample_size_ weighting_ weights_",
    ),
    ("headstart.instances.weighting.kernel_density_ratio", "KernelDensityRatio", _RATIO),
    ("headstart.instances.weighting.kernel_mean_matching", "KernelMeanMatching", f"{_RATIO} certified_"),
    ("headstart.instances.weighting.kliep", "KLIEP", _RATIO),
    ("headstart.instances.weighting.least_squares_ratio", "RULSIF ULSIF", _RATIO),
    ("headstart.instances.weighting.nearest_neighbour_ratio", "NearestNeighbourRatio", _RATIO),
    (
        "headstart.instances.weighting.target_shift",
        "BBSE MMDTargetShift",
        f"{_WEIGHED} class_weights_ condition_ priors_",
    ),
    (
        "headstart.multitask.auxiliary",
        "AuxiliaryTaskClassifier AuxiliaryTaskRegressor",
        f"{_DELEGATED} auxiliary_ helpers_ notes_ refused_",
    ),
    ("headstart.multitask.task_answers", "Helper", ""),
    (
        "headstart.multitask.partial_pooling",
        "PartialPoolingClassifier PartialPoolingRegressor",
        f"{_DELEGATED} components_ group_scores_ groups_ notes_ poolings_ scale_ shift_ worse_groups_",
    ),
    (
        "headstart.parameters.tables.regular_transfer",
        "RegularTransferClassifier",
        f"{_BORROWED} coef_ intercept_ log_loss_ penalty_ source_coef_ source_intercept_",
    ),
    (
        "headstart.parameters.tables.regular_transfer",
        "RegularTransferRegressor",
        f"{_BORROWED} coef_ intercept_ leave_one_out_ penalty_ source_coef_",
    ),
    (
        "headstart.parameters.tables.transfer_forest",
        "TransferForestClassifier TransferForestRegressor",
        f"{_DELEGATED} {_FOREST}",
    ),
    (
        "headstart.semisupervised.discriminant",
        "SemiSupervisedDiscriminantClassifier",
        f"{_UNLABELLED} coef_ intercept_ weight_",
    ),
    ("headstart.semisupervised.base", "UnitRows", ""),
    ("headstart.semisupervised.propagation", "LabelPropagationClassifier", f"{_UNLABELLED} soft_labels_"),
    ("headstart.semisupervised.self_training", "BalancedSelfTrainingClassifier", f"{_UNLABELLED} soft_labels_"),
    ("headstart.data.tables.encoder", "TableEncoder", "columns_ notes_ transformer_"),
    ("headstart.guard.candidates.neighbours", "GroupedEncoder", "encoder_ groups_"),
    ("headstart.guard.candidates.pooling", "PooledClassifier PooledRegressor", _DELEGATED),
    (
        "headstart.guard.candidates.worth",
        "WorthyPooledClassifier WorthyPooledRegressor",
        f"{_DELEGATED} worth_",
    ),
    (
        "headstart.guard.comparing.blend",
        "BlendedClassifier BlendedRegressor",
        f"{_LEARNED} classes_ estimators_ weights_",
    ),
    ("headstart.guard.mixture", "MixedClassifier MixedRegressor", ""),
    (
        "headstart.multiview.encoder",
        "ViewEncoder",
        "columns_ encoders_ input_types_ notes_ slices_",
    ),
    ("headstart.multiview.fused", "MultiViewClassifier MultiViewRegressor", _FUSED),
    ("headstart.multiview.co_training", "CoTrainingClassifier", f"{_FUSED} taught_"),
    (
        "headstart.multiview.correlation",
        "MultiViewCCA",
        f"{_LEARNED} _n_features_out agreement_ correlations_ encoder_ maps_ ridge_ scales_",
    ),
    ("headstart.multiview.fusion", "FusedViews ReadyViews ViewHead", ""),
    ("headstart.math.views.canonical", "CanonicalViews", ""),
    ("headstart.math.views.imputation", "ViewImputer", ""),
    ("headstart.math.views.scaling", "ViewScale", ""),
    ("headstart.math.alignment.coral", "CoralMap", ""),
    ("headstart.math.alignment.kernels", "FeatureMap", ""),
    ("headstart.math.alignment.meda", "ManifoldClassifier", ""),
    ("headstart.math.alignment.monge", "AffineMap", ""),
    ("headstart.math.alignment.tca", "Projection", ""),
    ("headstart.math.linear.partial_pooling", "Pooling", ""),
    (
        "sklearn.compose",
        "ColumnTransformer",
        f"{_LEARNED} _columns _n_features _name_to_fitted_passthrough _remainder _transformer_to_input_indices "
        "output_indices_ sparse_output_ transformers_",
    ),
    (
        "sklearn.dummy",
        "DummyClassifier DummyRegressor",
        f"{_LEARNED} _strategy class_prior_ classes_ constant_ n_classes_ n_outputs_ sparse_output_",
    ),
    (
        "sklearn.ensemble",
        "ExtraTreesClassifier ExtraTreesRegressor RandomForestClassifier RandomForestRegressor",
        f"{_TREES} oob_decision_function_ oob_prediction_",
    ),
    ("sklearn.ensemble", "HistGradientBoostingClassifier HistGradientBoostingRegressor", _HISTOGRAMS),
    (
        "sklearn.ensemble._hist_gradient_boosting.binning",
        "_BinMapper",
        "bin_thresholds_ is_categorical_ missing_values_bin_idx_ n_bins_non_missing_",
    ),
    ("sklearn.impute", "MissingIndicator", f"{_LEARNED} _n_features _precomputed features_"),
    ("sklearn.impute", "SimpleImputer", f"{_LEARNED} _fill_dtype _fit_dtype indicator_ statistics_"),
    (
        "sklearn.linear_model",
        "LinearRegression LogisticRegression Ridge RidgeClassifier",
        f"{_LINEAR} _label_binarizer rank_ singular_",
    ),
    ("sklearn.linear_model", "RidgeCV", f"{_LINEAR} alpha_ best_score_"),
    (
        "sklearn.linear_model",
        "LogisticRegressionCV",
        f"{_LINEAR} C_ Cs_ coefs_paths_ l1_ratio_ l1_ratios_ scores_",
    ),
    ("sklearn.naive_bayes", "GaussianNB", f"{_LEARNED} class_count_ class_prior_ classes_ epsilon_ theta_ var_"),
    (
        "sklearn.neighbors",
        "NearestCentroid",
        f"{_LEARNED} centroids_ class_prior_ classes_ deviations_ within_class_std_dev_",
    ),
    ("sklearn.pipeline", "Pipeline", ""),
    ("sklearn.preprocessing", "LabelBinarizer", "classes_ sparse_input_ y_type_"),
    ("sklearn.preprocessing", "LabelEncoder", "classes_"),
    ("sklearn.preprocessing", "Normalizer", _LEARNED),
    (
        "sklearn.preprocessing",
        "MinMaxScaler",
        f"{_LEARNED} data_max_ data_min_ data_range_ min_ n_samples_seen_ scale_",
    ),
    (
        "sklearn.preprocessing",
        "OneHotEncoder",
        f"{_LEARNED} {_ONE_HOT} _default_to_infrequent_mappings _infrequent_indices",
    ),
    ("sklearn.preprocessing", "RobustScaler", f"{_LEARNED} center_ scale_"),
    ("sklearn.preprocessing", "StandardScaler", f"{_LEARNED} mean_ n_samples_seen_ scale_ var_"),
    ("sklearn.tree", "DecisionTreeClassifier DecisionTreeRegressor ExtraTreeClassifier ExtraTreeRegressor", _TREE),
)
#: What is left out and comes back as None: other people's rows and weights, places on disk, streams of random numbers,
#: and networks, which have files of their own.
DROPPED = frozenset(
    {"unlabelled", "memory", "networks_", "_sample_weight", "plan_", "_loss", "_feature_subsample_rng", "_scorer"}
)


@dataclass(frozen=True)
class Allowed:
    """A class that a file may name, and what its objects may hold.

    Parameters
    ----------
    params : dict
        Names of its parameters, or fields, with their defaults.
    fitted : frozenset of str
        Names of what it holds beside them.
    """

    cls: type
    params: dict[str, Any]
    fitted: frozenset[str]


_ROWS = {name.lstrip("_"): (module, name, fitted) for module, classes, fitted in _TABLE for name in classes.split()}
NAMES = frozenset(_ROWS)


@cache
def allowed(name: str) -> Allowed | None:
    """The class that is meant by a name in a saved model; None where the table has no such name.

    Nothing is imported but the modules that the table itself names.

    Examples
    --------
    >>> allowed("CORAL").cls.__name__, sorted(allowed("StandardScaler").params)
    ('CORAL', ['copy', 'with_mean', 'with_std'])
    >>> allowed("os.system"), allowed("FunctionTransformer"), allowed("TransferRegressor")
    (None, None, None)
    """
    if name not in _ROWS:
        return None
    module, own, fitted = _ROWS[name]
    cls = getattr(importlib.import_module(module), own)
    params = inspect.signature(cls).parameters.values()
    return Allowed(
        cls,
        {p.name: None if p.default is p.empty else p.default for p in params},
        frozenset(["_sklearn_output_config", *fitted.split()]),
    )


def name_of(value: Any) -> str | None:
    """The name under which an object is saved; None for one of a class that the table lacks.

    Examples
    --------
    >>> from headstart import CORAL
    >>> name_of(CORAL()), name_of(print)
    ('CORAL', None)
    """
    name = type(value).__name__.lstrip("_")
    found = allowed(name)
    return name if found is not None and found.cls is type(value) else None
