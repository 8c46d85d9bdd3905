// Components that pages use without importing them (`easycom` in pages.json), for the type checker.
declare module "vue" {
  export interface GlobalComponents {
    AppBadge: (typeof import("./ui/app-badge.vue"))["default"];
    AppButton: (typeof import("./ui/app-button.vue"))["default"];
    AppCheck: (typeof import("./ui/app-check.vue"))["default"];
    AppChoice: (typeof import("./ui/app-choice.vue"))["default"];
    AppEmpty: (typeof import("./ui/app-empty.vue"))["default"];
    AppFace: (typeof import("./ui/app-face.vue"))["default"];
    AppField: (typeof import("./ui/app-field.vue"))["default"];
    AppFrame: (typeof import("./ui/app-frame.vue"))["default"];
    AppIcon: (typeof import("./ui/app-icon.vue"))["default"];
    AppMore: (typeof import("./ui/app-more.vue"))["default"];
    AppPicture: (typeof import("./ui/app-picture.vue"))["default"];
    AppPictures: (typeof import("./ui/app-pictures.vue"))["default"];
    AppPrice: (typeof import("./ui/app-price.vue"))["default"];
    AppProductCard: (typeof import("./ui/app-product-card.vue"))["default"];
    AppQr: (typeof import("./ui/app-qr.vue"))["default"];
    AppSheet: (typeof import("./ui/app-sheet.vue"))["default"];
    AppSkeleton: (typeof import("./ui/app-skeleton.vue"))["default"];
    AppStars: (typeof import("./ui/app-stars.vue"))["default"];
    AppState: (typeof import("./ui/app-state.vue"))["default"];
    AppStepper: (typeof import("./ui/app-stepper.vue"))["default"];
    AppTabBar: (typeof import("./ui/app-tab-bar.vue"))["default"];
    AppTabs: (typeof import("./ui/app-tabs.vue"))["default"];
    AppTap: (typeof import("./ui/app-tap.vue"))["default"];
    AppThumbs: (typeof import("./ui/app-thumbs.vue"))["default"];
  }
}

export {};
