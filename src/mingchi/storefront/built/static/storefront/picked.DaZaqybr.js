import{x as o}from"./index-ZGFVNdj2.js";const r=o("category",null);export{r as p};
